import { decay } from '../statistics/decay.ts'
import { bootMarksLayout, isFirst, type BootMark } from './boot-marks.ts'
import { flightsLayout, isFlown, noteFlight, type Flight, type Journey } from './flights.ts'
import { egressLayout, entryOf, newest, refresh, type Egress } from './egress.ts'
import { combine } from './hash.ts'
import { f64, layout, records, type Layout, type StateOf } from './layout.ts'
import { packAll, unpackAll } from './packed.ts'
import { slots, type Slots } from './slots.ts'
import { allocate } from './words.ts'

/**
 * What a tenant's subjects do, as far as their decisions share a partition: a
 * sample by subject, since subjects are spread over partitions by hash.
 * Bounded; the rarest values are forgotten first.
 */
export interface Population {
  /** Decayed number of subject-contexts that had the value. */
  count(kind: PopulationKind, value: number, atMs: number): number
  /** Decayed number of all subject-contexts of the kind. */
  total(kind: PopulationKind, atMs: number): number
  /** Different values seen of the kind. */
  distinct(kind: PopulationKind): number
  add(kind: PopulationKind, value: number, atMs: number): void
  /** How many of the tenant's subjects used a network prefix within 30 days; 3 stands for three or more. */
  usersOf(prefix: number, atMs: number): number
  use(prefix: number, subject: number, atMs: number): void
  /** Whether a provider's network is known to fly: people of several homes had it between two far-apart places. */
  isInflight(network: number, atMs: number): boolean
  fly(network: number, journey: Journey, atMs: number): void
  /** Decayed number of members of a group who lately took up a resource that was rare for them. */
  newcomers(group: number, resource: number, atMs: number): number
  addNewcomer(group: number, resource: number, atMs: number): void
  /** Mean and deviation of ln(bytes) of answers of a resource; undefined while fewer than twenty are known. */
  sizeOf(resource: number, atMs: number): { readonly mean: number; readonly deviation: number } | undefined
  /** Takes the size of an answer in; of a resource that is well known one in 64. */
  addSize(resource: number, nats: number, atMs: number): void
}

export type PopulationKind =
  | 'prefix'
  | 'asn'
  | 'country'
  | 'agent'
  | 'family'
  | 'os'
  | 'resource'
  | 'member'
  | 'group_resource'

/** One small record of the population. */
export interface PopulationPart {
  /** Learnt something since it was last stored. */
  changed: boolean
  encode(): Uint8Array
}

const HALF_LIFE_MS = 45 * 86_400_000
/** What is taken up together is so within days. */
const NEWS_HALF_LIFE_MS = 2 * 86_400_000
const EGRESS_S = 30 * 86_400

/** Sizes of answers lie beside the counts: how many, their sum, their squares. */
const SIZES = 32
/** Those who lately took up a resource, by group. */
const NEWCOMERS = 35
const LEAST_SIZES = 20
const MANY_SIZES = 200
const ONE_IN = 64
/** Networks are by far the most, and push out nobody else. */
const PREFIX_BUCKETS = 64
const VALUE_BUCKETS = 192
const EGRESS_BUCKETS = 32
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

const valuesLayout = layout({ values: slots(48) })
const totalsLayout = layout({
  kinds: records(Object.keys(PLACES).length, { total: f64, last_ms: f64, distinct: f64 }),
})

type Totals = StateOf<{ total: typeof f64; last_ms: typeof f64; distinct: typeof f64 }>[]

/**
 * What the subjects of one tenant do, as far as their decisions share a
 * partition. Held as 291 small records, so that learning one value writes half a
 * kilobyte and not the whole: 64 buckets of 48 network prefixes, 192 of 48 other values, 32 buckets of 16 network
 * prefixes with their last three subjects, 16 networks that fly, totals, and how
 * far boots have come.
 *
 * Bounded at 3,072 prefixes, 9,216 other values and 512 exits a tenant and partition; a full
 * bucket forgets its lightest value, or the prefix that was used longest ago.
 */
export class TenantPopulation implements Population {
  readonly #load: (part: string) => Uint8Array | undefined
  readonly #parts = new Map<string, PopulationPart>()
  readonly #values: (Slots | undefined)[] = []
  readonly #egress: (Egress[] | undefined)[] = []
  #flights: readonly Flight[] | undefined
  #totals: Totals | undefined
  // The same parts by number: to find one by its name takes longer than to count in it.
  readonly #valueParts: (PopulationPart | undefined)[] = []
  readonly #egressParts: (PopulationPart | undefined)[] = []
  #totalsPart: PopulationPart | undefined
  #boots: readonly BootMark[] | undefined
  #bootsPart: PopulationPart | undefined

  /** `load` gives the stored bytes of a part, or undefined where there are none. */
  constructor(load: (part: string) => Uint8Array | undefined) {
    this.#load = load
  }

  /** The parts that changed, for storing; whoever stores one sets `changed` back. */
  *changed(): IterableIterator<[name: string, part: PopulationPart]> {
    for (const entry of this.#parts) if (entry[1].changed) yield entry
  }

  count(kind: PopulationKind, value: number, atMs: number): number {
    if (value === 0) return 0
    const key = combine(PLACES[kind] + 1, value)
    const values = this.#valuesOf(bucketOf(kind, key))
    return values.weight(values.find(key), atMs, HALF_LIFE_MS)
  }

  total(kind: PopulationKind, atMs: number): number {
    const totals = this.#totalsOf(kind)
    return totals.total * decay(atMs - totals.last_ms, HALF_LIFE_MS)
  }

  distinct(kind: PopulationKind): number {
    return this.#totalsOf(kind).distinct
  }

  add(kind: PopulationKind, value: number, atMs: number): void {
    if (value === 0) return
    const key = combine(PLACES[kind] + 1, value)
    const bucket = bucketOf(kind, key)
    const values = this.#valuesOf(bucket)
    const totals = this.#totalsOf(kind)
    if (values.find(key) === -1) totals.distinct += 1
    values.add(key, atMs, HALF_LIFE_MS)
    totals.total = totals.total * decay(atMs - totals.last_ms, HALF_LIFE_MS) + 1
    totals.last_ms = Math.max(totals.last_ms, atMs)
    this.#touch(this.#valueParts[bucket])
    this.#touch(this.#totalsPart)
  }

  newcomers(group: number, resource: number, atMs: number): number {
    const key = combine(NEWCOMERS, combine(group, resource))
    const values = this.#valuesOf(bucketOf('resource', key))
    const index = values.find(key)
    return index === -1 ? 0 : values.raw(index) * decay(atMs - values.lastMs(index), NEWS_HALF_LIFE_MS)
  }

  addNewcomer(group: number, resource: number, atMs: number): void {
    const key = combine(NEWCOMERS, combine(group, resource))
    // Faster than the bucket's other values fade: what is added makes up for it.
    this.#put(key, 1 + this.newcomers(group, resource, atMs) - this.#weightOf(key, atMs), atMs)
  }

  sizeOf(resource: number, atMs: number): { readonly mean: number; readonly deviation: number } | undefined {
    if (resource === 0) return undefined
    const count = this.#weightOf(combine(SIZES, resource), atMs)
    if (count < LEAST_SIZES) return undefined
    const mean = this.#weightOf(combine(SIZES + 1, resource), atMs) / count
    const square = this.#weightOf(combine(SIZES + 2, resource), atMs) / count
    return { mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)) }
  }

  addSize(resource: number, nats: number, atMs: number): void {
    if (resource === 0) return
    const key = combine(SIZES, resource)
    // Of a resource that is known well one in so many, by the second: a write of half a kilobyte each would be too dear.
    if (this.#weightOf(key, atMs) >= MANY_SIZES && Math.floor(atMs / 1000) % ONE_IN !== 0) return
    this.#put(key, 1, atMs)
    this.#put(combine(SIZES + 1, resource), nats, atMs)
    this.#put(combine(SIZES + 2, resource), nats * nats, atMs)
  }

  #weightOf(key: number, atMs: number): number {
    const values = this.#valuesOf(bucketOf('resource', key))
    return values.weight(values.find(key), atMs, HALF_LIFE_MS)
  }

  #put(key: number, amount: number, atMs: number): void {
    const bucket = bucketOf('resource', key)
    this.#valuesOf(bucket).add(key, atMs, HALF_LIFE_MS, amount)
    this.#touch(this.#valueParts[bucket])
  }

  usersOf(prefix: number, atMs: number): number {
    const entry = entryOf(this.#egressOf(prefix), prefix)
    if (prefix === 0 || entry === undefined) return 0
    const sinceS = atMs / 1000 - EGRESS_S
    return (
      (entry.user0 !== 0 && entry.at0 >= sinceS ? 1 : 0) +
      (entry.user1 !== 0 && entry.at1 >= sinceS ? 1 : 0) +
      (entry.user2 !== 0 && entry.at2 >= sinceS ? 1 : 0)
    )
  }

  use(prefix: number, subject: number, atMs: number): void {
    if (prefix === 0) return
    const atS = Math.floor(atMs / 1000)
    const entries = this.#egressOf(prefix)
    let entry = entryOf(entries, prefix)
    if (entry === undefined) {
      entry = entries.reduce((least, each) => (newest(each) < newest(least) ? each : least))
      Object.assign(entry, { prefix, user0: 0, at0: 0, user1: 0, at1: 0, user2: 0, at2: 0 })
    }
    if (!refresh(entry, subject, atS)) return
    this.#touch(this.#egressParts[prefix % EGRESS_BUCKETS])
  }

  isInflight(network: number, atMs: number): boolean {
    return isFlown(this.#flightsOf(), network, atMs)
  }

  fly(network: number, journey: Journey, atMs: number): void {
    if (network !== 0 && noteFlight(this.#flightsOf(), network, journey, atMs))
      this.#touch(this.#parts.get('f'))
  }

  #flightsOf(): readonly Flight[] {
    return (this.#flights ??= this.#part('f', flightsLayout).networks)
  }

  /** Whether a decision of nobody is the first with its number here; of a subject's, the subject's own ids tell. */
  isFirst(boot_id: string, seq: number, atMs: number): boolean {
    if (this.#boots === undefined) {
      this.#boots = this.#part('b', bootMarksLayout).boots
      this.#bootsPart = this.#parts.get('b')
    }
    const first = isFirst(this.#boots, boot_id, seq, atMs)
    if (first) this.#touch(this.#bootsPart)
    return first
  }

  #valuesOf(bucket: number): Slots {
    const known = this.#values[bucket]
    if (known !== undefined) return known
    const { values } = this.#part(`v${bucket}`, valuesLayout)
    this.#values[bucket] = values
    this.#valueParts[bucket] = this.#parts.get(`v${bucket}`)
    return values
  }

  #egressOf(prefix: number): Egress[] {
    const bucket = prefix % EGRESS_BUCKETS
    const known = this.#egress[bucket]
    if (known !== undefined) return known
    const { prefixes } = this.#part(`e${bucket}`, egressLayout)
    this.#egress[bucket] = prefixes
    this.#egressParts[bucket] = this.#parts.get(`e${bucket}`)
    return prefixes
  }

  #totalsOf(kind: PopulationKind): Totals[number] {
    if (this.#totals === undefined) {
      this.#totals = this.#part('t', totalsLayout).kinds
      this.#totalsPart = this.#parts.get('t')
    }
    return this.#totals[PLACES[kind]] ?? { total: 0, last_ms: 0, distinct: 0 }
  }

  #part<S>(name: string, form: Layout<S>): S {
    const words = allocate(form.words)
    const blocks = [{ tag: form.fingerprint, at: 0, length: form.words }]
    const bytes = this.#load(name)
    if (bytes !== undefined) unpackAll(words, blocks, bytes)
    const state = form.read(words, 0)
    this.#parts.set(name, {
      changed: false,
      encode() {
        form.write(words, 0, state)
        return packAll(words, blocks, NOTHING)
      },
    })
    return state
  }

  #touch(part: PopulationPart | undefined): void {
    if (part !== undefined) part.changed = true
  }
}

/** In which bucket a value lies: prefixes keep to their own. */
function bucketOf(kind: PopulationKind, key: number): number {
  return kind === 'prefix' ? key % PREFIX_BUCKETS : PREFIX_BUCKETS + (key % VALUE_BUCKETS)
}

const NOTHING = new Uint8Array()
