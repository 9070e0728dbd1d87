import type { EnrichedDecision } from '../../detector.ts'
import { haversine } from '../../statistics/haversine.ts'
import { certainDistance, travelStrangeness } from '../../statistics/travel-strangeness.ts'
import { cellOf } from '../population/flights.ts'
import type { Population } from '../population/population.ts'
import { clientOf, gapMs, neighbour, type Visit } from './visits.ts'

/** A flight is no commute. */
const LEAST_FLIGHT_KM = 1000
const DAY_MS = 86_400_000

/**
 * Whoever comes to a far place in the time that a plane takes, and had between
 * both ends a network that says to be elsewhere, with the same client all the
 * way, had the network on board.
 */
export function noteArrival(visits: readonly Visit[], input: EnrichedDecision, population: Population): void {
  const last = neighbour(visits, input.at_ms, -1)
  const arrived = last?.prefix === input.prefix
  const air = arrived ? neighbour(visits, last.from_s * 1000 - 1, -1) : last
  if (air === undefined || input.at_ms - air.to_s * 1000 > DAY_MS || air.prefix === input.prefix) return
  const from = neighbour(visits, air.from_s * 1000 - 1, -1)
  if (from === undefined || from.prefix === air.prefix || from.client !== air.client) return
  if (air.client !== clientOf(input)) return
  const arrivedMs = arrived ? last.from_s * 1000 : input.at_ms
  const { source } = input.enrichment
  const here = {
    latitude: source.latitude ?? 0,
    longitude: source.longitude ?? 0,
    accuracy_km: source.accuracy_km,
  }
  if (arrivedMs - from.to_s * 1000 > DAY_MS || certainBetween(from, here) < LEAST_FLIGHT_KM) return
  if (travelStrangeness(certainBetween(from, here), arrivedMs - from.to_s * 1000) > 0) return
  const offTheWay =
    travelStrangeness(certainBetween(from, air), gapMs(from, air.from_s * 1000)) > 0 ||
    travelStrangeness(certainBetween(air, here), gapMs(air, arrivedMs)) > 0
  if (!offTheWay) return
  const ends = { from: cellOf(from.latitude, from.longitude), to: cellOf(here.latitude, here.longitude) }
  population.fly(air.place, { subject: input.subject, ...ends }, input.at_ms)
}

type Spot = Pick<Visit, 'latitude' | 'longitude' | 'accuracy_km'>

function certainBetween(a: Spot, b: Spot): number {
  const km = haversine(a.latitude, a.longitude, b.latitude, b.longitude)
  return certainDistance(km, a.accuracy_km, b.accuracy_km)
}
