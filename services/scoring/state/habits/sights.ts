import type { EnrichedDecision } from '../../detector.ts'
import { idText } from '../form/id-text.ts'
import { ipv4Number } from '../ipv4.ts'
import { u32, type StateOf } from '../form/layout.ts'

/** Seen again within so long, a computer has been at its network all the time. */
const STAYS_S = 45 * 60

/** A computer of a subject behind one network prefix, from when to when it was seen there. */
export const sight = {
  prefix: u32,
  device: u32,
  client: u32,
  session: u32,
  ipv4: u32,
  from_s: u32,
  to_s: u32,
  decision_id: idText(24),
}
export type Sight = StateOf<typeof sight>

/** Who is where now, with what was known of the same network as far as it goes on. */
export interface Stay {
  readonly from_s: number
  readonly to_s: number
}

/** The stretch that a decision belongs to; a short one of its own where nobody was there lately. */
export function stayOf(sights: readonly Sight[], prefix: number, atS: number): Stay {
  const known = sights.find((each) => each.prefix === prefix)
  if (known === undefined || !goesOn(known, atS)) return { from_s: atS, to_s: atS }
  return { from_s: Math.min(known.from_s, atS), to_s: Math.max(known.to_s, atS) }
}

/** Prolongs the stretch that the decision belongs to, or begins one: in the place of the last one there, else of the oldest. */
export function keepSight(sights: readonly Sight[], input: EnrichedDecision, client: number): void {
  const atS = Math.floor(input.at_ms / 1000)
  const known = sights.find((each) => each.prefix === input.prefix)
  if (known !== undefined && goesOn(known, atS)) {
    known.from_s = Math.min(known.from_s, atS)
    if (atS < known.to_s) return
    known.to_s = atS
    stamp(known, input, client)
    return
  }
  const place = known ?? sights.reduce((least, each) => (each.to_s < least.to_s ? each : least))
  if (place.to_s > atS) return
  place.prefix = input.prefix
  place.from_s = atS
  place.to_s = atS
  stamp(place, input, client)
}

function goesOn({ from_s, to_s }: Stay, atS: number): boolean {
  return atS >= from_s - STAYS_S && atS <= to_s + STAYS_S
}

function stamp(target: Sight, input: EnrichedDecision, client: number): void {
  target.device = input.device
  target.client = client
  target.session = input.session
  target.ipv4 = ipv4Number(input.decision.context?.ip ?? '')
  target.decision_id = input.decision.id
}
