import { combine } from './hash.ts'
import { layout, records, u32, type StateOf } from './layout.ts'

const DAY_S = 86_400
/** Whoever flew longer ago counts no more. */
const KEPT_S = 180 * DAY_S
const NETWORKS = 16
/** So many travellers, and between them so many ends of flights, make a network one that flies. */
const LEAST_TRAVELLERS = 3
const LEAST_ENDS = 3
const CELL_DEGREES = 5

const flight = {
  network: u32,
  who0: u32,
  from0: u32,
  to0: u32,
  at0: u32,
  who1: u32,
  from1: u32,
  to1: u32,
  at1: u32,
  who2: u32,
  from2: u32,
  to2: u32,
  at2: u32,
}

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
  const entry = networks.find((each) => each.network === network) ?? emptied(networks, network)
  const at =
    entry.who0 === by.subject ? 0 : entry.who1 === by.subject ? 1 : entry.who2 === by.subject ? 2 : -1
  const known = at === 0 ? entry.at0 : at === 1 ? entry.at1 : at === 2 ? entry.at2 : 0
  if (at !== -1 && known > atS - DAY_S) return false
  const place = at === -1 ? oldest(entry) : at
  if (place === 0) Object.assign(entry, { who0: by.subject, from0: by.from, to0: by.to, at0: atS })
  else if (place === 1) Object.assign(entry, { who1: by.subject, from1: by.from, to1: by.to, at1: atS })
  else Object.assign(entry, { who2: by.subject, from2: by.from, to2: by.to, at2: atS })
  return true
}

/** Whether three people flew with it, between three ends or more: one who flies to and fro every week proves nothing of others. */
export function isFlown(networks: readonly Flight[], network: number, atMs: number): boolean {
  if (network === 0) return false
  const entry = networks.find((each) => each.network === network)
  if (entry === undefined) return false
  const since = atMs / 1000 - KEPT_S
  const ends = new Set<number>()
  let travellers = 0
  for (const [who, from, to, at] of [
    [entry.who0, entry.from0, entry.to0, entry.at0],
    [entry.who1, entry.from1, entry.to1, entry.at1],
    [entry.who2, entry.from2, entry.to2, entry.at2],
  ] as const) {
    if (who === 0 || at < since) continue
    travellers += 1
    ends.add(from).add(to)
  }
  return travellers >= LEAST_TRAVELLERS && ends.size >= LEAST_ENDS
}

function emptied(networks: readonly Flight[], network: number): Flight {
  const entry = networks.reduce((least, each) => (newest(each) < newest(least) ? each : least))
  for (const key of Object.keys(flight)) Object.assign(entry, { [key]: 0 })
  entry.network = network
  return entry
}

function newest(entry: Flight): number {
  return Math.max(entry.at0, entry.at1, entry.at2)
}

function oldest(entry: Flight): number {
  return entry.at0 <= entry.at1 && entry.at0 <= entry.at2 ? 0 : entry.at1 <= entry.at2 ? 1 : 2
}
