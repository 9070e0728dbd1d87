import type { Detector, EnrichedDecision } from '../detector.ts'
import type { Population } from '../state/population.ts'
import { combine } from '../state/hash.ts'
import { f64, layout, u32, type StateOf } from '../state/layout.ts'
import { slots } from '../state/slots.ts'
import { decay } from '../statistics/decay.ts'
import { goodTuring } from '../statistics/good-turing.ts'
import { groupWeight, peerShare } from '../statistics/peer-share.ts'
import { rarityBits } from '../statistics/rarity-bits.ts'

export interface RareResourceOptions {
  readonly halfLifeMs: number
  readonly countEveryMs: number
  readonly leastObservations: number
}

/**
 * Rare resource: a subject uses a sensitive resource that neither it nor its
 * peers use.
 *
 * Catches a stolen account or an insider reaching for what the job does not
 * need, the very first time. Misses resources that peers use as well, resources
 * of low sensitivity, subjects with a short history, and slow habituation.
 *
 * False positives: a new duty that the groups don't show yet. First time alone
 * is no evidence: it has to be rare among peers, the resource sensitive, and
 * the subject not one to whom everything is new.
 *
 *     bits  = -log2((c + m pi) / (n + m)),  m = 2
 *     pi    = (sum_g w_g users_g(v) + 2 pi_tenant) / (sum_g w_g |g| + 2),  w_g = 1 / ln(1 + |g|)
 *     score = bits * sensitivity * (1 - P(new)),  P(new) = n1 / n  (Good-Turing)
 *
 * with sensitivity 1, 0.6 or 0.3, n at most 60, pi at least 0.005, and 0 before
 * ten observations: so only a resource of high sensitivity can reach the
 * threshold. A use counts
 * once an hour; counts decay with 45 days. Peers are those whose decisions
 * share the partition. Every subject counts once in users_g(v), and again only
 * after it forgot the resource.
 *
 * Cost: 24 slots, at most 330 bytes; O(24 + 24 groups) a decision.
 *
 * @see Good-Turing: Good, Biometrika 1953; peers: Microsoft Sentinel UEBA,
 *   which ranks them by weighted shared groups.
 * @example 50 observations of 5 resources, then a highly sensitive one that no peer of 20 uses: 12.2; of medium sensitivity: 7.3.
 */
export function rareResource({
  halfLifeMs = 45 * 86_400_000,
  countEveryMs = 3_600_000,
  leastObservations = 10,
}: Partial<RareResourceOptions> = {}): Detector<EnrichedDecision, ResourceState> {
  const observed = (state: Readonly<ResourceState>, atMs: number) =>
    state.observed * decay(atMs - state.last_ms, halfLifeMs)
  const own = (state: ResourceState, input: EnrichedDecision) =>
    state.resources.weight(state.resources.find(input.resource), input.at_ms, halfLifeMs)
  const bits = (state: ResourceState, input: EnrichedDecision, count: number, share: number) =>
    rarityBits(
      Math.min(MOST_OBSERVATIONS, count),
      Math.min(MOST_OBSERVATIONS, observed(state, input.at_ms)),
      share,
      PSEUDO_COUNT,
    )
  const novelty = (state: Readonly<ResourceState>) => {
    let once = 0
    let all = 0
    for (let index = 0; index < state.resources.capacity; index++) {
      if (state.resources.key(index) === 0) continue
      const weight = state.resources.raw(index)
      all += weight
      if (weight < 1.5) once += 1
    }
    return goodTuring(once, all)
  }
  return {
    id: 'rare-resource',
    version: 1,
    entity: 'subject',
    technique: 'T1213',
    thresholds: { medium: 8, high: 10.5 },
    about: (input) => input.resource,
    layout: resourceLayout,
    score(state, input, population) {
      if (observed(state, input.at_ms) < leastObservations) return 0
      const count = own(state, input)
      const rarity = bits(state, input, count, count < HABIT ? peers(input, population) : 0)
      return rarity * sensitivityOf(input) * (count < HABIT ? 1 - novelty(state) : 1)
    },
    learn(state, input, population, standing) {
      if (!input.permitted || !standing.calm) return
      const atMs = input.at_ms
      const known = state.resources.find(input.resource)
      if (known !== -1 && Math.abs(atMs - state.resources.lastMs(known)) < countEveryMs) return
      enrol(state, input, population)
      if (known === -1) spread(input, population)
      state.observed = observed(state, atMs) + 1
      state.last_ms = Math.max(state.last_ms, atMs)
      state.resources.add(input.resource, atMs, halfLifeMs)
    },
    explain(state, input, population) {
      const share = peers(input, population)
      const first = state.resources.find(input.resource) === -1
      const { resource } = input.decision
      const name = `${resource.app ?? resource.type} ${resource.path_template ?? resource.id}`.slice(0, 200)
      return {
        cause: 'path',
        evidence: {
          resource: name,
          sensitivity: input.enrichment.resource.sensitivity,
          rarity_bits: round(bits(state, input, own(state, input), share)),
          first_time_for_subject: first,
          peer_share: round(share),
          new_things_share: round(novelty(state)),
          baseline_observations: round(observed(state, input.at_ms)),
          groups_compared: input.groups.length,
        },
        gates: [],
        summary:
          `Used ${name} (${input.enrichment.resource.sensitivity} sensitivity)` +
          `${first ? ' for the first time' : ''}; about ${Math.round(share * 100)} % of peers use it.`,
      }
    },
  }
}

const PSEUDO_COUNT = 2
const MOST_OBSERVATIONS = 60
/** Used so often, a resource is an own habit: at most 4.4 bits, and nobody else need be asked (half the cost of the detector). */
const HABIT = 3
/** However many peers don't use a resource, they say no more than this. */
const LEAST_SHARE = 0.005
const fields = { observed: f64, last_ms: f64, enrolled: u32, resources: slots(24) }
const resourceLayout = layout(fields)
type ResourceState = StateOf<typeof fields>

function sensitivityOf(input: EnrichedDecision): number {
  const { sensitivity } = input.enrichment.resource
  return sensitivity === 'high' ? 1 : sensitivity === 'medium' ? 0.6 : 0.3
}

/** Share of the subject's peers that use the resource. */
function peers(input: EnrichedDecision, population: Population): number {
  const atMs = input.at_ms
  const tenant = population.count('member', EVERYBODY, atMs)
  const tenantShare = (population.count('resource', input.resource, atMs) + 0.5) / (tenant + 1)
  let users = 0
  let members = 0
  for (const group of input.groups) {
    const size = population.count('member', group, atMs)
    if (size === 0) continue
    const weight = groupWeight(size)
    users += weight * Math.min(size, population.count('group_resource', combine(group, input.resource), atMs))
    members += weight * size
  }
  return Math.min(1, Math.max(LEAST_SHARE, peerShare(users, members, Math.min(1, tenantShare))))
}

/** The group that everybody is in. */
const EVERYBODY = 1

/** Counts the subject as a member of its groups, once for each set of groups. */
function enrol(state: ResourceState, input: EnrichedDecision, population: Population): void {
  let set = EVERYBODY
  for (const group of input.groups) set = combine(set, group)
  if (state.enrolled === set) return
  if (state.enrolled === 0) population.add('member', EVERYBODY, input.at_ms)
  for (const group of input.groups) population.add('member', group, input.at_ms)
  state.enrolled = set
}

function spread(input: EnrichedDecision, population: Population): void {
  population.add('resource', input.resource, input.at_ms)
  for (const group of input.groups) {
    population.add('group_resource', combine(group, input.resource), input.at_ms)
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
