import { combine } from '../hash.ts'
import { layout, records, u32, type StateOf } from '../form/layout.ts'

const DAY_S = 86_400
/** Whoever flew longer ago counts no more. */
const KEPT_S = 180 * DAY_S
const NETWORKS = 16
/** So many travellers, and between them so many ends of flights, make a network one that flies. */
const LEAST_TRAVELLERS = 3
const LEAST_ENDS = 3
const CELL_DEGREES = 5

const traveller = { who: u32, from: u32, to: u32, at_s: u32 }
const flight = { network: u32, travellers: records(LEAST_TRAVELLERS, traveller) }

/** Networks between two ends of a flight, each with its last three travellers; 16 of a tenant and partition, the one that was flown with longest ago goes first. */
export const flightsLayout = layout({ networks: records(NETWORKS, flight) })
export type Flight = StateOf<typeof flight>

/** Who flew, and between which cells of the earth. */
export interface Journey {
  readonly subject: number
  readonly from: number
  readonly to: number
}

/** A cell of five degrees, hashed. */
export function cellOf(latitude: number, longitude: number): number {
  return combine(Math.round(latitude / CELL_DEGREES) + 90, Math.round(longitude / CELL_DEGREES) + 180)
}

/** Notes that somebody used the network on a flight; false when that was known already. */
export function noteFlight(networks: readonly Flight[], network: number, by: Journey, atMs: number): boolean {
  const atS = Math.floor(atMs / 1000)
  const { travellers } = networks.find((each) => each.network === network) ?? emptied(networks, network)
  const known = travellers.find(({ who }) => who === by.subject)
  if (known !== undefined && known.at_s > atS - DAY_S) return false
  const place = known ?? travellers.reduce((least, each) => (each.at_s < least.at_s ? each : least))
  Object.assign(place, { who: by.subject, from: by.from, to: by.to, at_s: atS })
  return true
}

/** Whether three people flew with it, between three ends or more: one who flies to and fro every week proves nothing of others. */
export function isFlown(networks: readonly Flight[], network: number, atMs: number): boolean {
  if (network === 0) return false
  const entry = networks.find((each) => each.network === network)
  if (entry === undefined) return false
  const sinceS = atMs / 1000 - KEPT_S
  const lately = entry.travellers.filter(({ who, at_s }) => who !== 0 && at_s >= sinceS)
  const ends = new Set(lately.flatMap(({ from, to }) => [from, to]))
  return lately.length >= LEAST_TRAVELLERS && ends.size >= LEAST_ENDS
}

function emptied(networks: readonly Flight[], network: number): Flight {
  const entry = networks.reduce((least, each) => (newest(each) < newest(least) ? each : least))
  entry.network = network
  for (const each of entry.travellers) Object.assign(each, { who: 0, from: 0, to: 0, at_s: 0 })
  return entry
}

function newest({ travellers }: Flight): number {
  return Math.max(...travellers.map(({ at_s }) => at_s))
}
