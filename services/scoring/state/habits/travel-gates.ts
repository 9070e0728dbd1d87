import type { EnrichedDecision } from '../../detector.ts'
import { differ, same } from '../hash.ts'
import type { Population } from '../population/population.ts'
import { isSharedExit } from './shared-exit.ts'
import { slots, type Slots } from '../form/slots.ts'
import { clientOf, CORPORATE, MOBILE, placeOf, type Visit } from './visits.ts'

const DAY_MS = 86_400_000
const INFLIGHT = 'inflight_network'
/** Not 0, so that what it takes away is kept with its name. */
const PLACELESS = 0.02
const HABIT_HALF_LIFE_MS = 30 * DAY_MS

/** Where a subject is at home and with what, by days: provider and country, browser and system. */
export const travelHabits = { places: slots(6), clients: slots(6) }
export interface TravelHabits {
  readonly places: Slots
  readonly clients: Slots
}

/** Counts the day for the place and the client of a decision, once. */
export function keepHabits({ places, clients }: TravelHabits, input: EnrichedDecision): void {
  countDay(places, placeOf(input), input.at_ms)
  countDay(clients, clientOf(input), input.at_ms)
}

/** The gate of a network whose place is not that of the people behind it. */
export function placelessGate({ enrichment }: EnrichedDecision): string | undefined {
  const { network_kind: kind } = enrichment.source
  if (kind === 'relay') return 'relay_network'
  if (kind === 'satellite') return 'satellite_network'
  return kind === 'inflight' ? INFLIGHT : undefined
}

/** A gate that makes a travel score smaller. */
export interface TravelGate {
  readonly name: string
  readonly factor: number
}

/** The gates between a visit and a decision, in the order in which they are said; the score is multiplied by all of them. */
export function travelGates(
  habits: TravelHabits,
  other: Visit,
  input: EnrichedDecision,
  population: Population,
): readonly TravelGate[] {
  const placeless = placelessGate(input)
  if (placeless !== undefined) return [{ name: placeless, factor: PLACELESS }]
  const gates: TravelGate[] = []
  const add = (name: string, factor: number, shut: boolean) => {
    if (shut) gates.push({ name, factor })
  }
  const replayed = replays(other, input)
  const egress = egressFactor(habits, other, input, population)
  add('shared_egress', egress, egress < 1)
  add('same_device', 0.2, same(other.device, input.device) && !replayed)
  add('mobile_carrier', 0.2, withinCarrier(other, input))
  add('same_session', 0.2, sameSession(other, input))
  add('own_clients', 0.2, ownClients(habits, other, input))
  add('first_days', 0.2, isUnsettled(habits, other, input))
  add('habitual_places', 0.3, habitual(habits, other, input))
  add(INFLIGHT, 0.1, !replayed && flies(other, input, population))
  return gates
}

/**
 * Behind a shared exit a person may be anywhere: 0.1 when both ends are shared,
 * or one is and the client stays the same (somebody switched a tunnel on) or is
 * the subject's own as well (the telephone beside it); 0.5 when it is another
 * one. A session that changes its client is no tunnel: 1.
 */
function egressFactor(
  habits: TravelHabits,
  other: Visit,
  input: EnrichedDecision,
  population: Population,
): number {
  if (replays(other, input)) return 1
  const there = (other.flags & CORPORATE) !== 0 || isSharedExit(population, other.prefix, input.at_ms)
  const here =
    input.enrichment.source.network_kind === 'corporate' ||
    isSharedExit(population, input.prefix, input.at_ms)
  if (!there && !here) return 1
  const otherClient = differ(other.client, clientOf(input)) && !bothOwn(habits, other, input)
  if (!otherClient || (there && here) || same(other.device, input.device)) return 0.1
  return 0.5
}

function withinCarrier(other: Visit, input: EnrichedDecision): boolean {
  const mobile = (other.flags & MOBILE) !== 0 || input.enrichment.source.network_kind === 'mobile'
  return mobile && other.country !== '' && other.country === input.enrichment.source.country
}

/** One of the two is a provider that is known to fly. */
function flies(other: Visit, input: EnrichedDecision, population: Population): boolean {
  return population.isInflight(other.place, input.at_ms) || population.isInflight(placeOf(input), input.at_ms)
}

function habitual(habits: TravelHabits, other: Visit, input: EnrichedDecision): boolean {
  return isHabit(habits, other.place, input.at_ms) && isHabit(habits, placeOf(input), input.at_ms)
}

function isHabit(habits: TravelHabits, key: number, atMs: number): boolean {
  return habits.places.weight(habits.places.find(key), atMs, HABIT_HALF_LIFE_MS) >= 2.5
}

/** One session that changes its client on the way: no tunnel, no flight, and no telephone of one's own. */
export function replays(other: Visit, input: EnrichedDecision): boolean {
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

/** Two clients, both the subject's own: a telephone is placed by its carrier, and not where the laptop is. */
function ownClients(habits: TravelHabits, other: Visit, input: EnrichedDecision): boolean {
  return differ(other.client, clientOf(input)) && !replays(other, input) && bothOwn(habits, other, input)
}

/** Both clients are the subject's own: used on two days, or one of them on a known device. */
function bothOwn(habits: TravelHabits, other: Visit, input: EnrichedDecision): boolean {
  const there = owns(habits, other.client, input.at_ms)
  const here = owns(habits, clientOf(input), input.at_ms)
  if (there && here) return true
  return (
    (there && other.device === 0 && input.device !== 0) || (here && input.device === 0 && other.device !== 0)
  )
}

/** Two clients, and the subject hardly known: of neither can it be said that it is not its own. */
function isUnsettled(habits: TravelHabits, other: Visit, input: EnrichedDecision): boolean {
  return differ(other.client, clientOf(input)) && !replays(other, input) && !isSettled(habits, input.at_ms)
}

/** Some client came on four days: another one of the subject's own would have shown by then. */
function isSettled({ clients }: TravelHabits, atMs: number): boolean {
  for (let index = 0; index < clients.capacity; index++)
    if (clients.weight(index, atMs, HABIT_HALF_LIFE_MS) >= 3.5) return true
  return false
}

/** A client that was permitted on two days or more. */
function owns(habits: TravelHabits, client: number, atMs: number): boolean {
  return habits.clients.weight(habits.clients.find(client), atMs, HABIT_HALF_LIFE_MS) >= 1.5
}

function countDay(values: Slots, key: number, atMs: number): void {
  if (atMs - values.lastMs(values.find(key)) >= 0.8 * DAY_MS) values.add(key, atMs, HABIT_HALF_LIFE_MS)
}
