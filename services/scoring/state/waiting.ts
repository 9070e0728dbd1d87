import { layout, records, u32, type StateOf } from './layout.ts'

const thing = { what: u32, first_s: u32, day: u32, days: u32 }
const fields = { things: records(4, thing) }
/** What was too strange to be learnt when a subject did it, and waits until it has proved to be a habit. */
export const waitingLayout = layout(fields)
export type Waiting = StateOf<typeof fields>

/** How long something waits, and on how many days in UTC it must come back until then. */
export interface Wait {
  readonly quiet_ms: number
  readonly days: number
}

const DAY_S = 86_400
/** What has not come back for so long begins anew. */
const FORGOTTEN_DAYS = 14

/**
 * Notes that something strange came again, and says whether it has waited long
 * enough to be learnt: on `days` different days, the first of them `quiet_ms`
 * ago. Whoever is held to be at risk meanwhile teaches nothing, so a verdict
 * ends the wait, and nobody has to say anything of what is harmless.
 *
 * At most four things wait for a subject. The one that came back longest ago
 * makes room, but not on its own day: a fifth strange thing of a day is not noted.
 *
 * @param what hash of what is strange; 0 never waits long enough
 */
export function hasWaited({ things }: Waiting, what: number, atMs: number, wait: Wait): boolean {
  if (what === 0) return false
  const atS = Math.floor(atMs / 1000)
  const day = Math.floor(atS / DAY_S)
  let known: Waiting['things'][number] | undefined
  let oldest: Waiting['things'][number] | undefined
  for (const each of things) {
    if (each.what === what) known = each
    if (oldest === undefined || each.day < oldest.day) oldest = each
  }
  const it = known ?? oldest
  if (it === undefined) return false
  if (known === undefined && it.day >= day) return false
  if (known === undefined || day - it.day > FORGOTTEN_DAYS) {
    it.what = what
    it.first_s = atS
    it.day = day
    it.days = 1
    return false
  }
  if (day > it.day) {
    it.day = day
    it.days += 1
  }
  return it.days >= wait.days && (atS - it.first_s) * 1000 >= wait.quiet_ms
}
