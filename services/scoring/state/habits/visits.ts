import type { EnrichedDecision } from '../../detector.ts'
import { combine } from '../hash.ts'
import { idText } from '../form/id-text.ts'
import { ipv4Number, ipv4Text } from '../ipv4.ts'
import { clip, f32, text, u32, type StateOf } from '../form/layout.ts'

export const PERMITTED = 1
export const MOBILE = 2
export const CORPORATE = 4

/** A stay of a subject behind one network prefix, from its first decision to its last, by the second: `sights.ts` holds the same words. */
export const visit = {
  from_s: u32,
  to_s: u32,
  latitude: f32,
  longitude: f32,
  accuracy_km: f32,
  prefix: u32,
  place: u32,
  device: u32,
  session: u32,
  client: u32,
  flags: u32,
  country: text(8),
  city: text(40),
  ipv4: u32,
  /** Of any other kind of address. */
  ipv6: text(40),
  decision_id: idText(40),
}
export type Visit = StateOf<typeof visit>

/** The nearest visit on one side of an instant; a visit that spans it is on both sides. */
export function neighbour(visits: readonly Visit[], atMs: number, side: -1 | 1): Visit | undefined {
  const atS = Math.floor(atMs / 1000)
  let nearest: Visit | undefined
  for (const candidate of visits) {
    if (candidate.to_s === 0) continue
    if (side === -1) {
      if (candidate.from_s <= atS && (nearest === undefined || candidate.to_s > nearest.to_s))
        nearest = candidate
    } else if (candidate.to_s > atS && (nearest === undefined || candidate.from_s < nearest.from_s)) {
      nearest = candidate
    }
  }
  return nearest
}

/** Time between an instant and the nearest known moment of a visit. */
export function gapMs(other: Visit, atMs: number): number {
  return Math.min(Math.abs(atMs - other.from_s * 1000), Math.abs(atMs - other.to_s * 1000))
}

/** Prolongs the visit that the decision belongs to, or begins one in the place of the oldest. */
export function keepVisit(visits: Visit[], input: EnrichedDecision): void {
  const atS = Math.floor(input.at_ms / 1000)
  const before = neighbour(visits, input.at_ms, -1)
  const after = neighbour(visits, input.at_ms, 1)
  if (before !== undefined && before.prefix === input.prefix) {
    if (atS >= before.to_s) {
      before.to_s = atS
      stamp(before, input)
    }
    return
  }
  if (after !== undefined && after.prefix === input.prefix) {
    after.from_s = Math.min(after.from_s, atS)
    return
  }
  const oldest = visits.reduce((least, each) => (each.to_s < least.to_s ? each : least))
  if (oldest.to_s > atS) return
  const { source } = input.enrichment
  oldest.from_s = atS
  oldest.to_s = atS
  oldest.latitude = source.latitude ?? 0
  oldest.longitude = source.longitude ?? 0
  oldest.accuracy_km = source.accuracy_km
  oldest.prefix = input.prefix
  oldest.place = placeOf(input)
  oldest.country = clip(source.country, 8)
  oldest.city = clip(source.city, 40)
  oldest.flags =
    (source.network_kind === 'mobile' ? MOBILE : 0) | (source.network_kind === 'corporate' ? CORPORATE : 0)
  stamp(oldest, input)
}

/** What changes with each decision of a visit. */
function stamp(target: Visit, input: EnrichedDecision): void {
  target.device = input.device
  target.session = input.session
  target.client = clientOf(input)
  const ip = input.decision.context?.ip ?? ''
  target.ipv4 = ipv4Number(ip)
  target.ipv6 = target.ipv4 === 0 ? clip(ip, 40) : ''
  target.decision_id = input.decision.id
  if (input.permitted) target.flags |= PERMITTED
}

/** The address that was seen last. */
export function ipOf({ ipv4, ipv6 }: Visit): string {
  return ipv4 === 0 ? ipv6 : ipv4Text(ipv4)
}

/** A client as far as a person has one: browser and system, whatever its version this week. */
export function clientOf(input: EnrichedDecision): number {
  return combine(input.family, input.os)
}

/** A place as far as habits go: provider and country. */
export function placeOf(input: EnrichedDecision): number {
  return combine(input.asn, input.country)
}
