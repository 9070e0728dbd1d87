import type { EnrichedDecision } from '../../detector.ts'
import { combine } from '../hash.ts'
import type { Population } from './population.ts'

/** However many peers don't use a resource, they say no more than this. */
const LEAST_SHARE = 0.005
/** A smaller group says nothing of what is usual. */
const LEAST_PEERS = 3
/** So many more of each group do as everybody does. */
const PRIOR_PEERS = 5
/** What other programs do says nothing of this one: a program does what it was written for. */
const PROGRAM_SHARE = 0.01
/** The group that everybody is in. */
const EVERYBODY = 1

export function isProgram({ decision }: EnrichedDecision): boolean {
  return decision.subject.type === 'service'
}

/** Share of the subject's peers that use the resource: by groups, each held against the whole tenant; from 0.005 to 1. */
export function peerShare(input: EnrichedDecision, population: Population): number {
  if (isProgram(input)) return PROGRAM_SHARE
  const atMs = input.at_ms
  const tenant = population.count('member', EVERYBODY, atMs)
  const tenantShare = (population.count('resource', input.resource, atMs) + 0.5) / (tenant + 1)
  const everybody = Math.min(1, tenantShare)
  let share = everybody
  for (const group of input.groups) {
    const size = population.count('member', group, atMs)
    if (size < LEAST_PEERS) continue
    const users = Math.min(size, population.count('group_resource', combine(group, input.resource), atMs))
    share *= (users + PRIOR_PEERS * everybody) / (size + PRIOR_PEERS) / everybody
  }
  return Math.min(1, Math.max(LEAST_SHARE, share))
}

/**
 * How many of a group of the subject's lately took the resource up, beyond what would be of that group if twice as many
 * had in the whole tenant: the group in which something is going on. The subject itself, where it is `among` them, is
 * not counted.
 */
export function newcomersOfGroup(input: EnrichedDecision, population: Population, among: boolean): number {
  if (isProgram(input)) return 0
  const { at_ms: atMs, resource } = input
  const self = among ? 1 : 0
  const everybody = population.newcomers(EVERYBODY, resource, atMs) - self
  if (everybody < 0.5) return 0
  const tenant = Math.max(1, population.count('member', EVERYBODY, atMs))
  let most = 0
  for (const group of input.groups) {
    const size = population.count('member', group, atMs)
    if (size < LEAST_PEERS) continue
    const newcomers = population.newcomers(group, resource, atMs) - self
    most = Math.max(most, newcomers - 2 * everybody * Math.min(1, size / tenant))
  }
  return most
}

/** Counts the subject as a member of its groups, once for each set of groups; what it is enrolled in from now on. */
export function enrol(enrolled: number, input: EnrichedDecision, population: Population): number {
  let set = EVERYBODY
  for (const group of input.groups) set = combine(set, group)
  if (enrolled === set) return set
  if (enrolled === 0) population.add('member', EVERYBODY, input.at_ms)
  for (const group of input.groups) population.add('member', group, input.at_ms)
  return set
}

/** Counts the subject among those who use the resource. */
export function spread(input: EnrichedDecision, population: Population): void {
  population.add('resource', input.resource, input.at_ms)
  for (const group of input.groups) {
    population.add('group_resource', combine(group, input.resource), input.at_ms)
  }
}

/** Counts the subject among those who took the resource up lately. */
export function spreadAsNew(input: EnrichedDecision, population: Population): void {
  population.addNewcomer(EVERYBODY, input.resource, input.at_ms)
  for (const group of input.groups) population.addNewcomer(group, input.resource, input.at_ms)
}
