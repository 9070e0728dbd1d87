import { parseDecision } from '../../../schemas/decision.ts'
import type { Decision } from '../../../schemas/decision.ts'
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

/** What was seen of one boot. */
interface Boot {
  last: ChainHead
  /** The boot that its first link names, where that link was read. */
  before: string | undefined
  /** When the log took the newest of it. */
  appended_ms: number
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
  const boots = new Map<string, Boot>()
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
        if (decision?.chain && decision.pep?.id === pep_id) see(boots, decision, record.appended_ms)
      }
    }
  }
  const inLog = mark === null ? -1 : (boots.get(mark.boot_id)?.last.seq ?? -1)
  const newest = newestBoot(boots, mark?.boot_id)
  if (mark && inLog < mark.seq) {
    // What retention removed is not lost: then nothing before the mark's offsets is left to compare with.
    const lost = trimmed ? 0 : mark.seq - inLog
    const { boot_id, seq, hash } = mark
    const head = newest === null || newest.boot_id === boot_id ? { boot_id, seq, hash } : newest
    return { head, lost }
  }
  return { head: newest, lost: 0 }
}

function see(boots: Map<string, Boot>, { pep, chain }: Decision, appended_ms: number): void {
  if (pep?.boot_id === undefined || pep.seq === undefined || chain === undefined) return
  const { boot_id, seq } = pep
  const boot = boots.get(boot_id)
  const last = boot === undefined || seq > boot.last.seq ? { boot_id, seq, hash: chain.hash } : boot.last
  boots.set(boot_id, {
    last,
    before: boot?.before ?? chain.prev_boot?.boot_id,
    appended_ms: Math.max(appended_ms, boot?.appended_ms ?? 0),
  })
}

/**
 * The last link of the newest boot: the one that no other follows, beginning at
 * the mark's. The chain tells, not `decided_at`: a clock that was put back would
 * make an old boot the newest. Only where first links lie before what was read,
 * so that several boots are followed by none, the log's order decides.
 */
function newestBoot(boots: ReadonlyMap<string, Boot>, marked: string | undefined): ChainHead | null {
  const followed = new Map<string, Boot>()
  for (const boot of boots.values()) if (boot.before !== undefined) followed.set(boot.before, boot)
  let newest = marked === undefined ? undefined : (followed.get(marked) ?? boots.get(marked))
  if (newest === undefined) {
    for (const boot of boots.values()) {
      if (followed.has(boot.last.boot_id)) continue
      if (newest === undefined || boot.appended_ms > newest.appended_ms) newest = boot
    }
  }
  for (let left = boots.size; newest !== undefined && left > 0; left -= 1)
    newest = followed.get(newest.last.boot_id) ?? newest
  return newest?.last ?? null
}
