import { parseDecision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'
import type { ChainHead } from './chain.ts'
import type { ChainMark } from './mark-file.ts'

/** How many records of each partition are looked at when the mark file is gone. */
const BLIND_RECORDS = 20_000

export interface PreviousBoot {
  /** Where the new boot links to; null when this enforcement point never wrote anything that is still there. */
  readonly head: ChainHead | null
  /** Links that the mark file knows and the log does not: the log lost its tail. */
  readonly lost: number
}

/**
 * Finds the last link of the boot before. The mark may lie a moment behind the
 * log (it is written after the flush), so the log is read from the offsets that
 * the mark names, which lie before the mark's own link. When the log ends
 * before the mark, the mark wins: the new boot then names a number that the log
 * lacks, and the loss shows for ever.
 */
export async function findPreviousBoot(
  eventLog: EventLog,
  pep_id: string,
  mark: ChainMark | null,
): Promise<PreviousBoot> {
  let newest: (ChainHead & { readonly at: string }) | null = null
  let highestOfMark = -1
  let trimmed = true
  for (const { partition, low, high } of await eventLog.watermarks(accessDecisions)) {
    const wanted = mark ? (mark.offsets[partition] ?? 0) : Math.max(low, high - BLIND_RECORDS)
    // A log that was cut ends before the offset that the mark names: then all of it is looked at.
    const from = wanted > high ? low : Math.max(low, wanted)
    if (wanted >= low) trimmed = false
    for await (const records of eventLog.read(accessDecisions, { partition, from, to: high })) {
      for (const record of records) {
        const json = parseJson(record)
        const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
        const { pep, chain } = decision ?? {}
        if (!decision || !chain || pep?.id !== pep_id) continue
        if (pep.boot_id === undefined || pep.seq === undefined) continue
        if (pep.boot_id === mark?.boot_id) highestOfMark = Math.max(highestOfMark, pep.seq)
        const link = { boot_id: pep.boot_id, seq: pep.seq, hash: chain.hash, at: decision.decided_at }
        if (newest === null || isAfter(link, newest)) newest = link
      }
    }
  }
  if (mark && highestOfMark < mark.seq) {
    // What retention removed is not lost: then nothing before the mark's offsets is left to compare with.
    const lost = trimmed ? 0 : mark.seq - Math.max(highestOfMark, -1)
    if (newest === null || newest.boot_id === mark.boot_id) return { head: headOf(mark), lost }
    return { head: headOf(newest), lost }
  }
  return { head: newest === null ? null : headOf(newest), lost: 0 }
}

/** Boots of one machine are told apart by their clock, links of one boot by their number. */
function isAfter(a: { boot_id: string; seq: number; at: string }, b: typeof a): boolean {
  return a.boot_id === b.boot_id ? a.seq > b.seq : a.at > b.at
}

function headOf({ boot_id, seq, hash }: ChainHead): ChainHead {
  return { boot_id, seq, hash }
}
