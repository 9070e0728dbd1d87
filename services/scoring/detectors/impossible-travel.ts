import type { Detector, EnrichedDecision } from '../detector.ts'
import { noteArrival } from '../state/arrival.ts'
import type { Population } from '../state/population.ts'
import { layout, records } from '../state/layout.ts'
import { slots, type Slots } from '../state/slots.ts'
import {
  clientOf,
  CORPORATE,
  gapMs,
  ipOf,
  keepVisit,
  MOBILE,
  neighbour,
  PERMITTED,
  placeOf,
  visit,
  type Visit,
} from '../state/visits.ts'
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
    version: 6,
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
        countDay(state.places, placeOf(input), input.at_ms)
        countDay(state.clients, clientOf(input), input.at_ms)
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
      const gates = gatesOf(state, other, input, population)
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
          from_at: new Date(other.to_ms <= input.at_ms ? other.to_ms : other.from_ms).toISOString(),
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

const travelLayout = layout({ visits: records(4, visit), places: slots(6), clients: slots(6) })
type TravelState = { visits: Visit[]; places: Slots; clients: Slots }

const DAY_MS = 86_400_000
const INFLIGHT = 'inflight_network'
/** Not 0, so that what it takes away is kept with its name. */
const PLACELESS = 0.02
const HABIT_HALF_LIFE_MS = 30 * DAY_MS

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

/** The gate of a network whose place is not that of the people behind it. */
function placelessGate({ enrichment }: EnrichedDecision): string | undefined {
  const { network_kind: kind } = enrichment.source
  if (kind === 'relay') return 'relay_network'
  if (kind === 'satellite') return 'satellite_network'
  return kind === 'inflight' ? INFLIGHT : undefined
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
  const certainKm = certainDistance(
    distance(other, input),
    other.accuracy_km,
    input.enrichment.source.accuracy_km,
  )
  const strangeness = travelStrangeness(certainKm, gapMs(other, input.at_ms))
  if (strangeness === 0) return 0
  const replayed = replays(other, input) ? strangeness * 2 : strangeness
  if (!gated) return replayed
  if (placelessGate(input) !== undefined) return strangeness * PLACELESS
  let score = replayed
  score *= egressFactor(state, other, input, population)
  if (same(other.device, input.device) && !replays(other, input)) score *= 0.2
  if (withinCarrier(other, input)) score *= 0.2
  if (sameSession(other, input)) score *= 0.2
  if (ownClients(state, other, input)) score *= 0.2
  if (isUnsettled(state, other, input)) score *= 0.2
  if (habitual(state, other, input)) score *= 0.3
  if (flies(other, input, population)) score *= 0.1
  return score
}

function gatesOf(
  state: Readonly<TravelState>,
  other: Visit | undefined,
  input: EnrichedDecision,
  population: Population,
): { name: string; factor: number }[] {
  if (other === undefined) return []
  const placeless = placelessGate(input)
  if (placeless !== undefined) return [{ name: placeless, factor: PLACELESS }]
  const gates: { name: string; factor: number }[] = []
  const egress = egressFactor(state, other, input, population)
  if (egress < 1) gates.push({ name: 'shared_egress', factor: egress })
  if (same(other.device, input.device) && !replays(other, input))
    gates.push({ name: 'same_device', factor: 0.2 })
  if (withinCarrier(other, input)) gates.push({ name: 'mobile_carrier', factor: 0.2 })
  if (sameSession(other, input)) gates.push({ name: 'same_session', factor: 0.2 })
  if (ownClients(state, other, input)) gates.push({ name: 'own_clients', factor: 0.2 })
  if (isUnsettled(state, other, input)) gates.push({ name: 'first_days', factor: 0.2 })
  if (habitual(state, other, input)) gates.push({ name: 'habitual_places', factor: 0.3 })
  if (flies(other, input, population)) gates.push({ name: INFLIGHT, factor: 0.1 })
  return gates
}

/**
 * Behind a shared exit a person may be anywhere: 0.1 when both ends are shared,
 * or one is and the client stays the same (somebody switched a tunnel on) or is
 * the subject's own as well (the telephone beside it); 0.5 when it is another
 * one. A session that changes its client is no tunnel: 1.
 */
function egressFactor(
  state: Readonly<TravelState>,
  other: Visit,
  input: EnrichedDecision,
  population: Population,
): number {
  if (replays(other, input)) return 1
  const there = (other.flags & CORPORATE) !== 0 || population.usersOf(other.prefix, input.at_ms) >= 3
  const here =
    input.enrichment.source.network_kind === 'corporate' || population.usersOf(input.prefix, input.at_ms) >= 3
  if (!there && !here) return 1
  const otherClient = differ(other.client, clientOf(input)) && !bothOwn(state, other, input)
  if (!otherClient || (there && here) || same(other.device, input.device)) return 0.1
  return 0.5
}

function withinCarrier(other: Visit, input: EnrichedDecision): boolean {
  const mobile = (other.flags & MOBILE) !== 0 || input.enrichment.source.network_kind === 'mobile'
  return mobile && other.country !== '' && other.country === input.enrichment.source.country
}

/** One of the two is a provider that is known to fly; a session that changes its client there is no flight. */
function flies(other: Visit, input: EnrichedDecision, population: Population): boolean {
  if (replays(other, input)) return false
  return population.isInflight(other.place, input.at_ms) || population.isInflight(placeOf(input), input.at_ms)
}

function habitual(state: Readonly<TravelState>, other: Visit, input: EnrichedDecision): boolean {
  return isHabit(state, other.place, input.at_ms) && isHabit(state, placeOf(input), input.at_ms)
}

function isHabit(state: Readonly<TravelState>, key: number, atMs: number): boolean {
  return state.places.weight(state.places.find(key), atMs, HABIT_HALF_LIFE_MS) >= 2.5
}

function replays(other: Visit, input: EnrichedDecision): boolean {
  return same(other.session, input.session) && differ(other.client, clientOf(input))
}

/** One session in the same browser, and no device that would say more: a telephone between a Wi-Fi abroad and its carrier at home. */
function sameSession(other: Visit, input: EnrichedDecision): boolean {
  return (
    same(other.session, input.session) &&
    same(other.client, clientOf(input)) &&
    !same(other.device, input.device)
  )
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
  const first = neighbour(state.visits, before.from_ms - 1, -1)
  return first !== undefined && first.prefix === input.prefix && (first.flags & PERMITTED) !== 0
}

/** Two clients, both the subject's own: a telephone is placed by its carrier, and not where the laptop is. */
function ownClients(state: Readonly<TravelState>, other: Visit, input: EnrichedDecision): boolean {
  return differ(other.client, clientOf(input)) && !replays(other, input) && bothOwn(state, other, input)
}

/** Both clients are the subject's own: used on two days, or one of them on a known device. */
function bothOwn(state: Readonly<TravelState>, other: Visit, input: EnrichedDecision): boolean {
  const there = owns(state, other.client, input.at_ms)
  const here = owns(state, clientOf(input), input.at_ms)
  if (there && here) return true
  return (
    (there && other.device === 0 && input.device !== 0) || (here && input.device === 0 && other.device !== 0)
  )
}

/** Two clients, and the subject hardly known: of neither can it be said that it is not its own. */
function isUnsettled(state: Readonly<TravelState>, other: Visit, input: EnrichedDecision): boolean {
  return differ(other.client, clientOf(input)) && !replays(other, input) && !isSettled(state, input.at_ms)
}

/** Some client came on four days: another one of the subject's own would have shown by then. */
function isSettled({ clients }: Readonly<TravelState>, atMs: number): boolean {
  for (let index = 0; index < clients.capacity; index++)
    if (clients.weight(index, atMs, HABIT_HALF_LIFE_MS) >= 3.5) return true
  return false
}

/** A client that was permitted on two days or more. */
function owns(state: Pick<Readonly<TravelState>, 'clients'>, client: number, atMs: number): boolean {
  return state.clients.weight(state.clients.find(client), atMs, HABIT_HALF_LIFE_MS) >= 1.5
}

/** Counts a value once a day. */
function countDay(values: Slots, key: number, atMs: number): void {
  if (atMs - values.lastMs(values.find(key)) >= 0.8 * DAY_MS) values.add(key, atMs, HABIT_HALF_LIFE_MS)
}

function differ(first: number, second: number): boolean {
  return first !== 0 && second !== 0 && first !== second
}

function same(first: number, second: number): boolean {
  return first !== 0 && first === second
}

function place(city: string, country: string): string {
  return city === '' ? country || 'an unknown place' : `${city} (${country})`
}
