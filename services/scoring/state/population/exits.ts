import { layout, records, u32, type StateOf } from '../form/layout.ts'
import type { HeldPart, PopulationParts } from './parts.ts'

/** A use of a prefix is refreshed this often: writing it at each decision would write a bucket each time. */
const REFRESH_S = 86_400
/** A use counts for this long. */
const KEPT_S = 30 * 86_400
const BUCKETS = 32
/** A network prefix with the last three subjects that came from there, and when. */
const exit = { prefix: u32, user0: u32, at0: u32, user1: u32, at1: u32, user2: u32, at2: u32 }
const exitsLayout = layout({ prefixes: records(16, exit) })
type Exit = StateOf<typeof exit>

/** Which exits people share: 32 buckets of 16 network prefixes; a full one forgets the prefix that was used longest ago. */
export class Exits {
  readonly #parts: PopulationParts
  readonly #buckets: (HeldPart<{ prefixes: Exit[] }> | undefined)[] = []

  constructor(parts: PopulationParts) {
    this.#parts = parts
  }

  usersOf(prefix: number, atMs: number): number {
    const entry = entryOf(this.#bucketOf(prefix).state.prefixes, prefix)
    if (prefix === 0 || entry === undefined) return 0
    const sinceS = atMs / 1000 - KEPT_S
    return (
      (entry.user0 !== 0 && entry.at0 >= sinceS ? 1 : 0) +
      (entry.user1 !== 0 && entry.at1 >= sinceS ? 1 : 0) +
      (entry.user2 !== 0 && entry.at2 >= sinceS ? 1 : 0)
    )
  }

  use(prefix: number, subject: number, atMs: number): void {
    if (prefix === 0) return
    const bucket = this.#bucketOf(prefix)
    const { prefixes } = bucket.state
    let entry = entryOf(prefixes, prefix)
    if (entry === undefined) {
      entry = prefixes.reduce((least, each) => (newest(each) < newest(least) ? each : least))
      Object.assign(entry, { prefix, user0: 0, at0: 0, user1: 0, at1: 0, user2: 0, at2: 0 })
    }
    if (refresh(entry, subject, Math.floor(atMs / 1000))) bucket.changed = true
  }

  #bucketOf(prefix: number): HeldPart<{ prefixes: Exit[] }> {
    const place = prefix % BUCKETS
    return (this.#buckets[place] ??= this.#parts.open(`e${place}`, exitsLayout))
  }
}

/** What is known of a prefix. */
function entryOf(entries: readonly Exit[], prefix: number): Exit | undefined {
  for (const each of entries) if (each.prefix === prefix) return each
  return undefined
}

/** Second of its last use by anybody. */
function newest(entry: Exit): number {
  return Math.max(entry.at0, entry.at1, entry.at2)
}

/** Notes that a subject used the prefix; false when that was noted within a day. */
function refresh(entry: Exit, subject: number, atS: number): boolean {
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

function oldest(entry: Exit): number {
  return entry.at0 <= entry.at1 && entry.at0 <= entry.at2 ? 0 : entry.at1 <= entry.at2 ? 1 : 2
}
