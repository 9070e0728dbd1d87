import type { Detector, EnrichedDecision } from '../detector.ts'
import { noteArrival } from '../state/habits/arrival.ts'
import type { Population } from '../state/population/population.ts'
import { layout, records, type StateOf } from '../state/form/layout.ts'
import { same } from '../state/hash.ts'
import {
  keepHabits,
  placelessGate,
  replays,
  travelGates,
  travelHabits,
} from '../state/habits/travel-gates.ts'
import { gapMs, ipOf, keepVisit, neighbour, PERMITTED, visit, type Visit } from '../state/habits/visits.ts'
import { haversine } from '../statistics/haversine.ts'
import { certainDistance, travelStrangeness } from '../statistics/travel-strangeness.ts'

/**
 * Impossible travel: one subject in two places that nobody gets between in time.
 *
 * Catches a stolen password, token or session that is used far from its owner.
 * Misses a thief in the same region, behind the owner's own exit (a residential
 * proxy nearby), or one who waits until the flight could have landed.
 *
 * False positives are the known weakness of this kind of detector: phones whose
 * addresses are placed in another city, company exits, private relays, planes.
 * So places have radii, and gates make the score smaller; what they took away
 * is kept beside the score.
 *
 * The score compares the decision with the visit before and the visit after it
 * in event time, so that a late event is judged where it belongs:
 *
 *     d = haversine - r1 - r2 - 50 km,  v = d / max(dt, 60 s)
 *     s = clamp((ln v - ln 800 km/h) / 0.5, 0, 3), 0 when d < 500 km
 *
 * times the gates, the larger of both neighbours, and half as much again when
 * both are impossible, or when it is back where the subject was before the visit
 * before (A to B and back to A: two people, not one traveller).
 * At least one end must be a decision that permitted; a refusal for wrong
 * credentials tells where an attacker is, not the subject.
 *
 * Gates: shared_egress 0.1 (three or more of the tenant's subjects in 30 days,
 * or a corporate network; 0.5 when one end only is shared and the client is
 * another one that the subject has not used on two days: a telephone outside the
 * tunnel is its own), first_days 0.2 (two clients, no session that changes its client, and none that came on four days yet: so long
 * nothing can be said of a telephone beside a laptop), same_device 0.2, mobile_carrier 0.2 (within one
 * country), same_session 0.2 (and the same client, on no known device: a telephone
 * abroad between a Wi-Fi there and its carrier at home), own_clients 0.2 (at the ends are two different clients, both used on two
 * days or more, or one of them on a known device: a telephone whose carrier puts it elsewhere), habitual_places 0.3 (both on
 * three days or more), inflight_network 0.1 (a provider that three people of the tenant had in the middle of
 * flights between three places or more, with their own client from end to end, where it says another place than the
 * way: learnt, and forgotten half a year after). What is known to be a relay, a
 * satellite or on board is no anchor: 0.02 (relay_network, satellite_network, inflight_network), not kept; hosting
 * neither: 0. Same session with another user agent doubles: a replayed token.
 *
 * Cost: four visits, six places and six clients, at most 950 bytes; O(4) a decision.
 *
 * @see Entra ID Protection, "Atypical travel"; certego/BuffaLogs
 *   `modules/detection.py`, whose neighbour-less comparison misses late events.
 * @example Berlin, then New York (6,385 km) 60 minutes later scores 3; 8 hours later 0.
 */
export function impossibleTravel(): Detector<EnrichedDecision, TravelState> {
  return {
    id: 'impossible-travel',
    version: 7,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 1, high: 2.5 },
    about: (input) => input.prefix,
    layout: travelLayout,
    score: (state, input, population) => judge(state, input, population, true),
    ungated: (state, input, population) => judge(state, input, population, false),
    learn(state, input, population, standing) {
      if (input.permitted && standing.calm) {
        population.use(input.prefix, input.subject, input.at_ms)
        keepHabits(state, input)
        if (anchors(input)) noteArrival(state.visits, input, population)
      }
      if (anchors(input)) keepVisit(state.visits, input)
    },
    explain(state, input, population) {
      const before = neighbour(state.visits, input.at_ms, -1)
      const after = neighbour(state.visits, input.at_ms, 1)
      const scoreBefore = pair(state, before, input, population, true)
      const scoreAfter = pair(state, after, input, population, true)
      const other = scoreAfter > scoreBefore ? after : (before ?? after)
      const gates = other === undefined ? [] : travelGates(state, other, input, population)
      if (other === undefined) {
        return { cause: 'location', evidence: {}, gates, summary: 'No other place is known.' }
      }
      const source = input.enrichment.source
      const km = distance(other, input)
      const elapsedMs = Math.max(gapMs(other, input.at_ms), 60_000)
      const certainKm = certainDistance(km, other.accuracy_km, source.accuracy_km)
      const speed = Math.round(certainKm / (elapsedMs / 3_600_000))
      const there = place(other.city, other.country)
      const here = place(source.city, source.country)
      const minutes = Math.round(elapsedMs / 60_000)
      return {
        cause: 'location',
        evidence: {
          from_place: there,
          from_ip: ipOf(other),
          from_at: new Date(
            (other.to_s * 1000 <= input.at_ms ? other.to_s : other.from_s) * 1000,
          ).toISOString(),
          to_place: here,
          to_ip: input.decision.context?.ip ?? null,
          to_asn: source.asn,
          to_network: source.as_org.slice(0, 256),
          distance_km: Math.round(km),
          certain_km: Math.round(certainKm),
          minutes,
          speed_kmh: speed,
          same_device: same(other.device, input.device),
          same_session: same(other.session, input.session),
          there_and_back: (scoreBefore >= 1 && scoreAfter >= 1) || (scoreBefore >= 1 && isBack(state, input)),
        },
        gates,
        summary: `Seen in ${there} and in ${here} ${minutes <= 1 ? 'within a minute' : `${minutes} minutes apart`}: ${Math.round(km)} km, at least ${speed} km/h.`,
        decision_ids: other.decision_id === '' ? [] : [other.decision_id],
      }
    },
  }
}

const fields = { visits: records(4, visit), ...travelHabits }
const travelLayout = layout(fields)
type TravelState = StateOf<typeof fields>

/** A decision that says where its subject is. */
function anchors(input: EnrichedDecision): boolean {
  return isPlaced(input) && placelessGate(input) === undefined
}

/** The decision is its subject's, and some place is known of its network, whether or not the subject is there. */
function isPlaced(input: EnrichedDecision): boolean {
  const { source } = input.enrichment
  if (source.latitude === null || source.longitude === null || !input.vouched) return false
  return source.network_kind !== 'hosting' && source.network_kind !== 'private'
}

function judge(
  state: Readonly<TravelState>,
  input: EnrichedDecision,
  population: Population,
  gated: boolean,
): number {
  if (!isPlaced(input)) return 0
  const before = pair(state, neighbour(state.visits, input.at_ms, -1), input, population, gated)
  const after = pair(state, neighbour(state.visits, input.at_ms, 1), input, population, gated)
  const thereAndBack = (before >= 1 && after >= 1) || (before >= 1 && isBack(state, input))
  return Math.max(before, after) * (thereAndBack ? 1.5 : 1)
}

function pair(
  state: Readonly<TravelState>,
  other: Visit | undefined,
  input: EnrichedDecision,
  population: Population,
  gated: boolean,
): number {
  if (other === undefined || other.prefix === input.prefix) return 0
  if ((other.flags & PERMITTED) === 0 && !input.permitted) return 0
  const { accuracy_km: accuracyKm } = input.enrichment.source
  const certainKm = certainDistance(distance(other, input), other.accuracy_km, accuracyKm)
  const strangeness = travelStrangeness(certainKm, gapMs(other, input.at_ms))
  if (strangeness === 0) return 0
  const twofold = replays(other, input) && (!gated || placelessGate(input) === undefined)
  const full = twofold ? strangeness * 2 : strangeness
  if (!gated) return full
  return travelGates(state, other, input, population).reduce((score, { factor }) => score * factor, full)
}

function distance(other: Visit, input: EnrichedDecision): number {
  const { latitude, longitude } = input.enrichment.source
  return haversine(other.latitude, other.longitude, latitude ?? 0, longitude ?? 0)
}

/**
 * Whether the visit before last was here: who was there, then far away, and is
 * here again, each at once, is two. A shared exit that is switched on and off looks
 * the same, and is gated.
 */
function isBack(state: Readonly<TravelState>, input: EnrichedDecision): boolean {
  const before = neighbour(state.visits, input.at_ms, -1)
  if (before === undefined) return false
  const first = neighbour(state.visits, before.from_s * 1000 - 1, -1)
  return first !== undefined && first.prefix === input.prefix && (first.flags & PERMITTED) !== 0
}

function place(city: string, country: string): string {
  return city === '' ? country || 'an unknown place' : `${city} (${country})`
}
