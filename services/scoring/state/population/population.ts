import type { Journey } from './flights.ts'

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
  sizeOf(resource: number, atMs: number): AnswerSize | undefined
  /** Takes the size of an answer in; of a resource that is well known one in 64. */
  addSize(resource: number, nats: number, atMs: number): void
}

export interface AnswerSize {
  /** Of ln(bytes). */
  readonly mean: number
  readonly deviation: number
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
