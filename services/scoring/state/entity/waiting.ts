import { layout, records, u32, type StateOf } from '../form/layout.ts'

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
 * Notes that something strange came again, and says whether it may be learnt:
 * because it has waited long enough, on `days` different days, the first of them
 * `quiet_ms` ago, or because somebody judged it to be harmless after it had come.
 * Whoever is held to be at risk meanwhile teaches nothing, so nobody has to say
 * anything of what is harmless; a word shortens the wait.
 *
 * At most four things wait for a subject. The one that came back longest ago
 * makes room, but not on its own day: a fifth strange thing of a day is not noted.
 *
 * @param what hash of what is strange; 0 never waits long enough
 * @param safeMs until when what had come was judged to be harmless
 */
export function hasWaited(
  { things }: Waiting,
  what: number,
  atMs: number,
  wait: Wait,
  safeMs = -Infinity,
): boolean {
  if (what === 0) return false
  const atS = Math.floor(atMs / 1000)
  const day = Math.floor(atS / DAY_S)
  const known = things.find((each) => each.what === what)
  if (known !== undefined && known.first_s * 1000 <= safeMs) return true
  const it = known ?? oldestOf(things)
  if (it === undefined) return false
  if (known === undefined && it.day >= day) return false
  if (known === undefined || known.days === 0 || day - it.day > FORGOTTEN_DAYS) {
    begin(it, what, atS, 1)
    return false
  }
  if (day > it.day) {
    it.day = day
    it.days += 1
  }
  return it.days >= wait.days && (atS - it.first_s) * 1000 >= wait.quiet_ms
}

/**
 * Notes that something strange came of a subject at risk, without counting the
 * day: should it be judged harmless, it need not wait. It takes nobody's place
 * that waits.
 */
export function noteAtRisk({ things }: Waiting, what: number, atMs: number): void {
  if (what === 0 || things.some((each) => each.what === what)) return
  const atS = Math.floor(atMs / 1000)
  const free = oldestOf(things.filter(({ days }) => days === 0))
  if (free !== undefined && free.day < Math.floor(atS / DAY_S)) begin(free, what, atS, 0)
}

/** Whether something waits that had come by then. */
export function isOlder({ things }: Waiting, what: number, untilMs: number): boolean {
  return untilMs === Infinity || things.some((each) => each.what === what && each.first_s * 1000 <= untilMs)
}

/** Drops what had come by then: it was an attack. */
export function drop({ things }: Waiting, untilMs: number): void {
  for (const each of things)
    if (each.what !== 0 && each.first_s * 1000 <= untilMs) {
      begin(each, 0, 0, 0)
    }
}

function oldestOf(things: readonly Waiting['things'][number][]): Waiting['things'][number] | undefined {
  let oldest: Waiting['things'][number] | undefined
  for (const each of things) if (oldest === undefined || each.day < oldest.day) oldest = each
  return oldest
}

function begin(thing: Waiting['things'][number], what: number, atS: number, days: number): void {
  thing.what = what
  thing.first_s = atS
  thing.day = Math.floor(atS / DAY_S)
  thing.days = days
}
