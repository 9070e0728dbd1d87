import { layout, records, u32, type StateOf } from './layout.ts'

/** A use of a prefix is refreshed this often: writing it at each decision would write a bucket each time. */
const REFRESH_S = 86_400
/** A network prefix with the last three subjects that came from there, and when. */
const egress = { prefix: u32, user0: u32, at0: u32, user1: u32, at1: u32, user2: u32, at2: u32 }
export const egressLayout = layout({ prefixes: records(16, egress) })
export type Egress = StateOf<typeof egress>

/** What is known of a prefix. */
export function entryOf(entries: readonly Egress[], prefix: number): Egress | undefined {
  for (const each of entries) if (each.prefix === prefix) return each
  return undefined
}

/** Second of its last use by anybody. */
export function newest(entry: Egress): number {
  return Math.max(entry.at0, entry.at1, entry.at2)
}

/** Notes that a subject used the prefix; false when that was noted within a day. */
export function refresh(entry: Egress, subject: number, atS: number): boolean {
  const place =
    entry.user0 === subject ? 0 : entry.user1 === subject ? 1 : entry.user2 === subject ? 2 : oldest(entry)
  const user = place === 0 ? entry.user0 : place === 1 ? entry.user1 : entry.user2
  const at = place === 0 ? entry.at0 : place === 1 ? entry.at1 : entry.at2
  if (at > atS - REFRESH_S) return false
  if (user === subject && at >= atS) return false
  if (place === 0) [entry.user0, entry.at0] = [subject, atS]
  else if (place === 1) [entry.user1, entry.at1] = [subject, atS]
  else [entry.user2, entry.at2] = [subject, atS]
  return true
}

function oldest(entry: Egress): number {
  return entry.at0 <= entry.at1 && entry.at0 <= entry.at2 ? 0 : entry.at1 <= entry.at2 ? 1 : 2
}
