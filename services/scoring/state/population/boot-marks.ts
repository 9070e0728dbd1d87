import { hash64 } from '../hash.ts'
import { f64, layout, records, u32, type StateOf } from '../form/layout.ts'

/** Boots of a tenant that are known in a partition at a time. */
const MOST_BOOTS = 32
const SEED = 0x5bd1e995

const mark = { low: u32, high: u32, seq: f64, at: u32 }

/** One record a boot: which it is, the highest number seen of it plus one, and when it was last seen (event time, s). */
export const bootMarksLayout = layout({ boots: records(MOST_BOOTS, mark) })
export type BootMark = StateOf<typeof mark>

/**
 * Whether this number of a boot is the first of its kind here; then it is noted.
 * Whoever records appends a boot's decisions in the order of their numbers, so in
 * one partition they rise, and one that is not above all before it is a late copy
 * (a spool drained twice, a batch written twice).
 *
 * Of more boots at once than there is room for, the one not seen for longest is
 * forgotten, and its copies are then taken for new.
 */
export function isFirst(marks: readonly BootMark[], boot_id: string, seq: number, atMs: number): boolean {
  const { low, high } = hash64(boot_id, SEED)
  const at = Math.max(0, Math.floor(atMs / 1000))
  let mine = marks.find((one) => one.low === low && one.high === high && one.seq > 0)
  if (mine === undefined) {
    mine = marks.reduce((least, one) => (one.at < least.at ? one : least))
    Object.assign(mine, { low, high, seq: 0, at: 0 })
  }
  if (seq < mine.seq) return false
  mine.seq = seq + 1
  mine.at = Math.max(mine.at, at)
  return true
}
