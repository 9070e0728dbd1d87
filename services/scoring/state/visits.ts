import type { EnrichedDecision } from '../detector.ts'
import { combine } from './hash.ts'
import { ipv4Number, ipv4Text } from './ipv4.ts'
import { clip, f32, f64, text, u32, type StateOf } from './layout.ts'

export const PERMITTED = 1
export const MOBILE = 2
export const CORPORATE = 4

/** A stay of a subject behind one network prefix, from its first decision to its last. */
export const visit = {
  from_ms: f64,
  to_ms: f64,
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
  decision_id: text(64),
}
export type Visit = StateOf<typeof visit>

/** The nearest visit on one side of an instant; a visit that spans it is on both sides. */
export function neighbour(visits: readonly Visit[], atMs: number, side: -1 | 1): Visit | undefined {
  let nearest: Visit | undefined
  for (const candidate of visits) {
    if (candidate.to_ms === 0) continue
    if (side === -1) {
      if (candidate.from_ms <= atMs && (nearest === undefined || candidate.to_ms > nearest.to_ms))
        nearest = candidate
    } else if (candidate.to_ms > atMs && (nearest === undefined || candidate.from_ms < nearest.from_ms)) {
      nearest = candidate
    }
  }
  return nearest
}

/** Time between an instant and the nearest known moment of a visit. */
export function gapMs(other: Visit, atMs: number): number {
  return Math.min(Math.abs(atMs - other.from_ms), Math.abs(atMs - other.to_ms))
}

/** Prolongs the visit that the decision belongs to, or begins one in the place of the oldest. */
export function keepVisit(visits: Visit[], input: EnrichedDecision): void {
  const atMs = input.at_ms
  const before = neighbour(visits, atMs, -1)
  const after = neighbour(visits, atMs, 1)
  if (before !== undefined && before.prefix === input.prefix) {
    if (atMs >= before.to_ms) {
      before.to_ms = atMs
      stamp(before, input)
    }
    return
  }
  if (after !== undefined && after.prefix === input.prefix) {
    after.from_ms = Math.min(after.from_ms, atMs)
    return
  }
  const oldest = visits.reduce((least, each) => (each.to_ms < least.to_ms ? each : least))
  if (oldest.to_ms > atMs) return
  const { source } = input.enrichment
  oldest.from_ms = atMs
  oldest.to_ms = atMs
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
  target.decision_id = input.decision.id.length <= 64 ? input.decision.id : ''
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
