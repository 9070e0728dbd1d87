import { addSize, sizeOf } from './answer-sizes.ts'
import { bootMarksLayout, isFirst, type BootMark } from './boot-marks.ts'
import { CountedValues } from './counted-values.ts'
import { Exits } from './exits.ts'
import { flightsLayout, isFlown, noteFlight, type Flight, type Journey } from './flights.ts'
import { addNewcomer, newcomersOf } from './newcomers.ts'
import { PopulationParts, type HeldPart, type PopulationPart } from './parts.ts'
import type { AnswerSize, Population, PopulationKind } from './population.ts'

/**
 * What the subjects of one tenant do, as far as their decisions share a
 * partition. Held as 291 small records, so that learning one value writes half a
 * kilobyte and not the whole: 64 buckets of 48 network prefixes, 192 of 48 other values, 32 buckets of 16 network
 * prefixes with their last three subjects, 16 networks that fly, totals, and how
 * far boots have come.
 *
 * Bounded at 3,072 prefixes, 9,216 other values and 512 exits a tenant and partition.
 */
export class TenantPopulation implements Population {
  readonly #parts: PopulationParts
  readonly #values: CountedValues
  readonly #exits: Exits
  #flights: HeldPart<{ networks: Flight[] }> | undefined
  #boots: HeldPart<{ boots: BootMark[] }> | undefined

  /** `load` gives the stored bytes of a part, or undefined where there are none. */
  constructor(load: (part: string) => Uint8Array | undefined) {
    this.#parts = new PopulationParts(load)
    this.#values = new CountedValues(this.#parts)
    this.#exits = new Exits(this.#parts)
  }

  /** The parts that changed, for storing; whoever stores one sets `changed` back. */
  changed(): IterableIterator<[name: string, part: PopulationPart]> {
    return this.#parts.changed()
  }

  count(kind: PopulationKind, value: number, atMs: number): number {
    return this.#values.count(kind, value, atMs)
  }

  total(kind: PopulationKind, atMs: number): number {
    return this.#values.total(kind, atMs)
  }

  distinct(kind: PopulationKind): number {
    return this.#values.distinct(kind)
  }

  add(kind: PopulationKind, value: number, atMs: number): void {
    this.#values.add(kind, value, atMs)
  }

  newcomers(group: number, resource: number, atMs: number): number {
    return newcomersOf(this.#values, group, resource, atMs)
  }

  addNewcomer(group: number, resource: number, atMs: number): void {
    addNewcomer(this.#values, group, resource, atMs)
  }

  sizeOf(resource: number, atMs: number): AnswerSize | undefined {
    return sizeOf(this.#values, resource, atMs)
  }

  addSize(resource: number, nats: number, atMs: number): void {
    addSize(this.#values, resource, nats, atMs)
  }

  usersOf(prefix: number, atMs: number): number {
    return this.#exits.usersOf(prefix, atMs)
  }

  use(prefix: number, subject: number, atMs: number): void {
    this.#exits.use(prefix, subject, atMs)
  }

  isInflight(network: number, atMs: number): boolean {
    return isFlown(this.#flown().state.networks, network, atMs)
  }

  fly(network: number, journey: Journey, atMs: number): void {
    if (network === 0) return
    const flights = this.#flown()
    if (noteFlight(flights.state.networks, network, journey, atMs)) flights.changed = true
  }

  /** Whether a decision of nobody is the first with its number here; of a subject's, the subject's own ids tell. */
  isFirst(boot_id: string, seq: number, atMs: number): boolean {
    const boots = (this.#boots ??= this.#parts.open('b', bootMarksLayout))
    const first = isFirst(boots.state.boots, boot_id, seq, atMs)
    if (first) boots.changed = true
    return first
  }

  #flown(): HeldPart<{ networks: Flight[] }> {
    return (this.#flights ??= this.#parts.open('f', flightsLayout))
  }
}
