import type { Detector, EnrichedDecision } from '../detector.ts'
import {
  enrol,
  isProgram,
  newcomersOfGroup,
  peerShare,
  spread,
  spreadAsNew,
} from '../state/population/peers.ts'
import type { Population } from '../state/population/population.ts'
import { bitmap } from '../state/form/bitmap.ts'
import { f32, f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { slots } from '../state/form/slots.ts'
import { decay } from '../statistics/decay.ts'
import { goodTuring } from '../statistics/good-turing.ts'
import { rarityBits } from '../statistics/rarity-bits.ts'

export interface RareResourceOptions {
  readonly halfLifeMs: number
  readonly countEveryMs: number
  readonly leastObservations: number
}

/**
 * Rare resource: a subject asks for several sensitive resources that neither it
 * nor its peers use.
 *
 * Catches a stolen account or an insider reaching for what the job does not
 * need, at the second thing, also hours and a night apart; a person who tries
 * what is refused; a program that does what it never did. Misses resources that peers use as well, resources
 * of low sensitivity, subjects with a short history, slow habituation, and whoever
 * takes one thing a week.
 *
 * False positives: a new duty that the groups don't show yet. First time alone
 * is no evidence: it has to be rare among peers, the resource sensitive, and
 * the subject not one to whom everything is new. One such thing is a link that
 * somebody sent: it stays below the threshold.
 *
 *     bits  = -log2((c + m pi) / (n + m)),  m = 2
 *     pi    = pi_tenant * product over g of pi_g / pi_tenant,  pi_g = (users_g(v) + 5 pi_tenant) / (|g| + 5)
 *     s     = bits * sensitivity * (1 - P(new)),  P(new) = n1 / n  (Good-Turing)
 *     s     less 2 log2(1 + x) where s >= 7, x = max over g of k_g - 2 k |g| / |tenant|, at least 0
 *     score = s + r  where s >= 7,  r = sum over other such things v of (s_v - 7) 2^(-(t - t_v) / 1 day)
 *
 * k_g members of a group, and k of the tenant, took the resource up lately (half-life 2 days, without the subject
 * itself): what colleagues begin in the same days, at a quarter's end, has a common cause. Each thing once in r, permitted or refused, of high sensitivity or a program's. With sensitivity 1, 0.6 or 0.3, and 1 for a program, of which
 * other programs say nothing (pi = 0.01); n at most 60 (c in proportion), pi from 0.005 to 1, and 0 before
 * ten observations; groups of three or more. Own habits (three uses) say 4.4 bits at most. A use counts
 * once an hour; counts decay with 45 days. Peers are those whose decisions
 * share the partition. Every subject counts once in users_g(v), and again only
 * after it forgot the resource.
 *
 * Cost: 22 slots, at most 330 bytes; O(22 + 22 groups) a decision.
 *
 * @see Good-Turing: Good, Biometrika 1953; peers: Microsoft Sentinel UEBA,
 *   which ranks them by weighted shared groups.
 * @example 50 observations of 5 resources, then a highly sensitive one that no peer of 20 uses: 12.3; of medium sensitivity: 7.4; then another such: 17.6.
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
      count * Math.min(1, MOST_OBSERVATIONS / observed(state, input.at_ms)),
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
  /** What the thing says, were the subject the only one who lately took it up. */
  const alone = (state: ResourceState, input: EnrichedDecision, population: Population) => {
    if (observed(state, input.at_ms) < leastObservations) return 0
    const count = own(state, input)
    if (count >= HABIT) return Math.min(HABIT_BITS, bits(state, input, count, 0)) * sensitivityOf(input)
    const rarity = bits(state, input, count, peerShare(input, population))
    return rarity * sensitivityOf(input) * (1 - novelty(state))
  }
  const surprise = (state: ResourceState, input: EnrichedDecision, population: Population) => {
    const bare = alone(state, input, population)
    return bare < NOTABLE ? bare : Math.max(0, bare - togetherBits(state, input, population))
  }
  /** What other rare things of the last days said, as far as it is beyond what one may say. */
  const earlier = (state: Readonly<ResourceState>, atMs: number) =>
    state.recent * decay(atMs - state.recent_s * 1000, RUN_HALF_LIFE_MS)
  return {
    id: 'rare-resource',
    version: 3,
    entity: 'subject',
    technique: 'T1213',
    thresholds: { medium: 16, high: 25 },
    // What is done once a week is known after two.
    settles_days: 14,
    wary: NOTABLE,
    long_wary: NOTABLE,
    about: (input) => input.resource,
    layout: resourceLayout,
    score(state, input, population) {
      const now = surprise(state, input, population)
      if (now < NOTABLE || state.recent === 0 || !mayBeRare(input)) return now
      const before = earlier(state, input.at_ms)
      return state.run.has(input.resource) ? Math.max(now, NOTABLE + before) : now + before
    },
    learn(state, input, population, standing) {
      if (mayBeRare(input)) {
        const bare = alone(state, input, population)
        if (bare >= NOTABLE) note(state, input, population, surprise(state, input, population))
      }
      if (!input.permitted || !standing.calm) return
      const atMs = input.at_ms
      const known = state.resources.find(input.resource)
      if (known !== -1 && Math.abs(atMs - state.resources.lastMs(known)) < countEveryMs) return
      state.enrolled = enrol(state.enrolled, input, population)
      if (known === -1 && !(mayBeRare(input) && state.run.has(input.resource))) spread(input, population)
      state.observed = Math.fround(observed(state, atMs) + 1)
      state.last_ms = Math.max(state.last_ms, atMs)
      state.resources.add(input.resource, atMs, halfLifeMs)
    },
    explain(state, input, population) {
      const share = peerShare(input, population)
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
          newcomers_of_group: round(newcomersOfGroup(input, population, state.run.has(input.resource))),
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
/** However seldom beside others. */
const HABIT_BITS = 4.4
/** Used so often, a resource is an own habit: at most 4.4 bits, and nobody else need be asked (half the cost of the detector). */
const HABIT = 3
/** Bits from which on a resource is rare enough to be added to others. */
const NOTABLE = 7
const RUN_HALF_LIFE_MS = 86_400_000
/** Less is left of a run that is over. */
const LEAST_LEFT = 0.5
const fields = {
  observed: f32,
  last_ms: f64,
  enrolled: u32,
  recent: f32,
  recent_s: u32,
  run: bitmap(32),
  resources: slots(22),
}
const resourceLayout = layout(fields)
type ResourceState = StateOf<typeof fields>

function sensitivityOf(input: EnrichedDecision): number {
  const { sensitivity } = input.enrichment.resource
  if (isProgram(input)) return 1
  return sensitivity === 'high' ? 1 : sensitivity === 'medium' ? 0.6 : 0.3
}

/** Whether it can be notable at all: asked at each decision. */
function mayBeRare(input: EnrichedDecision): boolean {
  return input.vouched && (input.enrichment.resource.sensitivity === 'high' || isProgram(input))
}

/**
 * Adds something rare to the run of rare things, each once. Peers hear of it at once, also where it is too strange
 * to be learnt: what a team begins to do together, at the end of a quarter, is rare with the first of them only. The
 * price: each thief who gets in makes what he takes a little less rare for the next one of that team.
 */
function note(state: ResourceState, input: EnrichedDecision, population: Population, surprise: number): void {
  const left = state.recent * decay(input.at_ms - state.recent_s * 1000, RUN_HALF_LIFE_MS)
  if (left < LEAST_LEFT) state.run.clear()
  if (state.run.has(input.resource)) return
  state.run.add(input.resource)
  if (input.permitted) {
    spread(input, population)
    spreadAsNew(input, population)
  }
  state.recent = Math.fround(left + Math.max(0, surprise - NOTABLE))
  state.recent_s = Math.max(state.recent_s, Math.floor(input.at_ms / 1000))
}

/** What somebody does as several colleagues just began to says less. */
function togetherBits(state: ResourceState, input: EnrichedDecision, population: Population): number {
  return 2 * Math.log2(1 + newcomersOfGroup(input, population, state.run.has(input.resource)))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
