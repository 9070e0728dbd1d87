import { decay } from '../../statistics/decay.ts'
import { combine } from '../hash.ts'
import { f64, layout, records, type StateOf } from '../form/layout.ts'
import { slots, type Slots } from '../form/slots.ts'
import type { HeldPart, PopulationParts } from './parts.ts'
import type { PopulationKind } from './population.ts'

const HALF_LIFE_MS = 45 * 86_400_000
/** Networks are by far the most, and push out nobody else. */
const PREFIX_BUCKETS = 64
const VALUE_BUCKETS = 192
const PLACES: Readonly<Record<PopulationKind, number>> = {
  prefix: 0,
  asn: 1,
  country: 2,
  agent: 3,
  family: 4,
  os: 5,
  resource: 6,
  member: 7,
  group_resource: 8,
}

const sum = { total: f64, last_ms: f64, distinct: f64 }
type Sum = StateOf<typeof sum>

const valuesLayout = layout({ values: slots(48) })
const totalsLayout = layout({
  kinds: records(Object.keys(PLACES).length, sum),
})

/**
 * How often the values of each kind were seen, decayed with 45 days, and the totals of each kind: 64 buckets of 48
 * network prefixes, 192 of 48 other values. A full bucket forgets its lightest value.
 */
export class CountedValues {
  readonly #parts: PopulationParts
  readonly #buckets: (HeldPart<{ values: Slots }> | undefined)[] = []
  #totals: HeldPart<{ kinds: Sum[] }> | undefined

  constructor(parts: PopulationParts) {
    this.#parts = parts
  }

  count(kind: PopulationKind, value: number, atMs: number): number {
    if (value === 0) return 0
    const key = combine(PLACES[kind] + 1, value)
    return weightIn(this.#bucketOf(kind, key), key, atMs)
  }

  total(kind: PopulationKind, atMs: number): number {
    const { total, last_ms } = this.#sumOf(kind)
    return total * decay(atMs - last_ms, HALF_LIFE_MS)
  }

  distinct(kind: PopulationKind): number {
    return this.#sumOf(kind).distinct
  }

  add(kind: PopulationKind, value: number, atMs: number): void {
    if (value === 0) return
    const key = combine(PLACES[kind] + 1, value)
    const bucket = this.#bucketOf(kind, key)
    const { values } = bucket.state
    const sum = this.#sumOf(kind)
    if (values.find(key) === -1) sum.distinct += 1
    values.add(key, atMs, HALF_LIFE_MS)
    sum.total = sum.total * decay(atMs - sum.last_ms, HALF_LIFE_MS) + 1
    sum.last_ms = Math.max(sum.last_ms, atMs)
    bucket.changed = true
    if (this.#totals !== undefined) this.#totals.changed = true
  }

  /** The weight of a figure that lies beside the counts, under a key of its own. */
  figure(key: number, atMs: number): number {
    return weightIn(this.#bucketOf('resource', key), key, atMs)
  }

  /** The same where it fades with another half-life. */
  fadingFigure(key: number, atMs: number, halfLifeMs: number): number {
    const { values } = this.#bucketOf('resource', key).state
    const index = values.find(key)
    return index === -1 ? 0 : values.raw(index) * decay(atMs - values.lastMs(index), halfLifeMs)
  }

  addToFigure(key: number, amount: number, atMs: number): void {
    const bucket = this.#bucketOf('resource', key)
    bucket.state.values.add(key, atMs, HALF_LIFE_MS, amount)
    bucket.changed = true
  }

  #bucketOf(kind: PopulationKind, key: number): HeldPart<{ values: Slots }> {
    const place = kind === 'prefix' ? key % PREFIX_BUCKETS : PREFIX_BUCKETS + (key % VALUE_BUCKETS)
    return (this.#buckets[place] ??= this.#parts.open(`v${place}`, valuesLayout))
  }

  #sumOf(kind: PopulationKind): Sum {
    this.#totals ??= this.#parts.open('t', totalsLayout)
    return this.#totals.state.kinds[PLACES[kind]] ?? { total: 0, last_ms: 0, distinct: 0 }
  }
}

function weightIn(bucket: HeldPart<{ values: Slots }>, key: number, atMs: number): number {
  const { values } = bucket.state
  return values.weight(values.find(key), atMs, HALF_LIFE_MS)
}
