import type { Detector, EnrichedDecision } from '../detector.ts'
import { same } from '../state/hash.ts'
import { ipv4Text } from '../state/ipv4.ts'
import { f32, layout, records, u32, type StateOf } from '../state/form/layout.ts'
import type { Population } from '../state/population/population.ts'
import { secondOf } from '../state/second-of.ts'
import { isSharedExit } from '../state/habits/shared-exit.ts'
import { keepSight, sight, stayOf, type Sight } from '../state/habits/sights.ts'
import { clientOf } from '../state/habits/visits.ts'
import { decay } from '../statistics/decay.ts'

/**
 * Concurrent use: one person's computers are in two networks at once, however
 * near to each other these are.
 *
 * Catches a stolen session or password that is used in the owner's own town
 * while the owner works, where no distance tells them apart. Misses a thief who
 * works while the owner does not, one behind the owner's own network, and one
 * who comes with a telephone: whoever carries one is in two networks all day.
 *
 * False positives: somebody with a computer of the company at work and one of
 * their own in a remote session at home; two in a household with one account.
 * Either is a habit, and scores less each day. Programs share accounts by
 * design, so only people's computers count. Gates: split_tunnel 0.1 (both exits
 * are shared by three or more subjects, and the one in hand also where it is known to be corporate or
 * private: one machine, of which only some requests go through the company's), tethered 0.3 (the
 * decision comes from a carrier's network; of the other one that is not kept), usual h.
 *
 *     score = h (1 + 2 [a known device at one end, none at the other]
 *                + 1 [one session at both] + 1 [neither exit is shared])
 *     h = 1 / (1 + w),  w = days on which it was so, half-life 30 days
 *
 * 0 where the device is the same at both ends: it has moved, or its tunnel is
 * split. At once means that each network was seen a minute before and a minute after some
 * moment of the other's, no two sightings of one network lying more than 45
 * minutes apart. So the order in which decisions come does not matter, and
 * moving once from one network to another is nothing. Says nothing in the first
 * three days of a subject.
 *
 * Cost: three sightings, at most 330 bytes a subject, 60 once packed, since the
 * visits of `impossible-travel` hold most of the same words; O(3).
 *
 * @see detection methods: "Two locations with overlapping activity intervals";
 *   MITRE ATT&CK T1550.004, T1078.
 * @example at her known laptop in the office, and in between without it from a
 *   provider in the same town, in the same session: 4.
 */
export function concurrentUse(): Detector<EnrichedDecision, UseState> {
  const judge = (state: Readonly<UseState>, input: EnrichedDecision, population: Population) => {
    const other = elsewhere(state, input, population)
    if (other === undefined) return { other, score: 0, gates: NO_GATES }
    const gates = gatesOf(state, other, input, population)
    return { other, score: strength(other, input, population), gates }
  }
  return {
    id: 'concurrent-use',
    version: 1,
    entity: 'subject',
    technique: 'T1550.004',
    thresholds: { medium: 3, high: 4.5 },
    layout: useLayout,
    about: (input) => input.prefix,
    score(state, input, population) {
      const { score, gates } = judge(state, input, population)
      return gates.reduce((product, { factor }) => product * factor, score)
    },
    ungated: (state, input, population) => judge(state, input, population).score,
    learn(state, input, population, standing) {
      if (!counts(input) || !input.permitted) return
      if (state.since_s === 0) state.since_s = secondOf(input)
      const days = daysOf(state, input.at_ms)
      const another = secondOf(input) - state.last_s >= COUNTED_S
      if (another && standing.calm && elsewhere(state, input, population) !== undefined) {
        state.days = Math.fround(days + 1)
        state.last_s = secondOf(input)
      }
      keepSight(state.sights, input, clientOf(input))
    },
    explain(state, input, population) {
      const { other, gates } = judge(state, input, population)
      if (other === undefined)
        return { cause: 'credential', evidence: {}, gates, summary: 'No other network is known.' }
      const { source } = input.enrichment
      const minutes = Math.round(Math.abs(secondOf(input) - other.to_s) / 60)
      return {
        cause: 'credential',
        evidence: {
          ip: input.decision.context?.ip ?? null,
          network: source.as_org.slice(0, 256),
          place: source.city.slice(0, 256),
          other_ip: other.ipv4 === 0 ? null : ipv4Text(other.ipv4),
          other_from: new Date(other.from_s * 1000).toISOString(),
          other_until: new Date(other.to_s * 1000).toISOString(),
          same_session: same(other.session, input.session),
          same_client: same(other.client, clientOf(input)),
          device_here: input.device !== 0,
          device_there: other.device !== 0,
          shared_here: isShared(input, population),
          shared_there: isSharedExit(population, other.prefix, input.at_ms),
          days_like_this: Math.round(daysOf(state, input.at_ms) * 10) / 10,
          days_like_this_expected: 0,
        },
        gates,
        summary: `At work from two networks at once: here, and ${minutes <= 1 ? 'within a minute' : `${minutes} minutes ago`} from another, going to and fro.`,
        decision_ids: other.decision_id === '' ? [] : [other.decision_id],
      }
    },
  }
}

const NO_GATES: readonly { name: string; factor: number }[] = []
/** Clocks of two gateways, and the requests of one page, may be so far apart. */
const APART_S = 60
/** Days are counted once in so long. */
const COUNTED_S = 20 * 3600
const FIRST_S = 3 * 86_400
const HABIT_HALF_LIFE_MS = 30 * 86_400_000
const SPLIT_TUNNEL = 0.1
const TETHERED = 0.3

const fields = { sights: records(3, sight), days: f32, last_s: u32, since_s: u32 }
const useLayout = layout(fields)
type UseState = StateOf<typeof fields>

/** A person's computer, and a network of which one can say that somebody is there. */
function counts(input: EnrichedDecision): boolean {
  const { source, user_agent: agent } = input.enrichment
  if (input.prefix === 0 || !input.vouched || input.decision.subject.type !== 'user') return false
  if (agent.device_type !== 'desktop') return false
  return (
    source.network_kind !== 'relay' &&
    source.network_kind !== 'satellite' &&
    source.network_kind !== 'inflight'
  )
}

/** Where else the subject is at this time, with another machine; the strangest, if there are two. */
function elsewhere(
  state: Readonly<UseState>,
  input: EnrichedDecision,
  population: Population,
): Sight | undefined {
  if (!counts(input)) return undefined
  const atS = secondOf(input)
  if (state.since_s === 0 || atS - state.since_s < FIRST_S) return undefined
  const here = stayOf(state.sights, input.prefix, atS)
  let strangest: Sight | undefined
  let most = 0
  for (const each of state.sights) {
    if (each.to_s === 0 || each.prefix === input.prefix || same(each.device, input.device)) continue
    if (each.to_s - here.from_s < APART_S || here.to_s - each.from_s < APART_S) continue
    const strange = strength(each, input, population)
    if (strange > most) [strangest, most] = [each, strange]
  }
  return strangest
}

function strength(other: Sight, input: EnrichedDecision, population: Population): number {
  const shared = isShared(input, population) || isSharedExit(population, other.prefix, input.at_ms)
  return (
    1 +
    ((other.device === 0) === (input.device === 0) ? 0 : 2) +
    (same(other.session, input.session) ? 1 : 0) +
    (shared ? 0 : 1)
  )
}

function gatesOf(
  state: Readonly<UseState>,
  other: Sight,
  input: EnrichedDecision,
  population: Population,
): readonly { name: string; factor: number }[] {
  const gates: { name: string; factor: number }[] = []
  if (isShared(input, population) && isSharedExit(population, other.prefix, input.at_ms))
    gates.push({ name: 'split_tunnel', factor: SPLIT_TUNNEL })
  if (input.enrichment.source.network_kind === 'mobile') gates.push({ name: 'tethered', factor: TETHERED })
  const days = daysOf(state, input.at_ms)
  if (days > 0.01) gates.push({ name: 'usual', factor: Math.round(1000 / (1 + days)) / 1000 })
  return gates
}

function isShared(input: EnrichedDecision, population: Population): boolean {
  const { network_kind: kind } = input.enrichment.source
  return kind === 'corporate' || kind === 'private' || isSharedExit(population, input.prefix, input.at_ms)
}

function daysOf({ days, last_s }: Readonly<UseState>, atMs: number): number {
  return days * decay(atMs - last_s * 1000, HABIT_HALF_LIFE_MS)
}
