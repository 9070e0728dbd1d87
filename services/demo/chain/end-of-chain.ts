import type { Checkpoint } from '../../../schemas/checkpoint.ts'
import { parseDecision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord, Watermarks } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

/** Records that are looked at in one step back. */
const STEP = 2000
/** A link that its boot's newest checkpoint does not cover was appended after it was signed; clocks are no finer than this. */
const SLACK_MS = 60_000

/** The last link of a boot; number -1 of a boot that has none: its hash is then that of the link before. */
export interface ChainEnd {
  readonly boot_id: string
  readonly seq: number
  readonly hash: string
}

/**
 * Where the boot before ended, from its newest checkpoint: that names it when
 * the boot was stopped in order. One that was killed may have links in the log
 * which nothing signed covers; so the log is read back to when the checkpoint
 * was signed. The next boot names what is found here, and so closes the one
 * before: without it, nobody could ever say whether its last links are all.
 */
export async function endOfChain(
  eventLog: EventLog,
  pep_id: string,
  last: Checkpoint | null,
): Promise<ChainEnd | null> {
  if (last === null) return null
  const { boot_id, seq_to, hash, state, signed_at } = last
  let end: ChainEnd = { boot_id, seq: seq_to, hash }
  if (state === 'final') return end
  const since = Date.parse(signed_at) - SLACK_MS
  for (const marks of await eventLog.watermarks(accessDecisions))
    for await (const record of recordsSince(eventLog, marks, since)) {
      const json = parseJson(record)
      const { pep, chain } = (json.kind === 'ok' ? parseDecision(json.value).data : undefined) ?? {}
      if (pep?.id === pep_id && pep.boot_id === boot_id && chain && (pep.seq ?? -1) > end.seq)
        end = { boot_id, seq: pep.seq ?? -1, hash: chain.hash }
    }
  return end
}

/** The records of a partition since an instant, newest steps first. */
async function* recordsSince(
  eventLog: EventLog,
  { partition, low, high }: Watermarks,
  since: number,
): AsyncIterable<LogRecord> {
  for (let to = high; to > low; to -= STEP) {
    const from = Math.max(low, to - STEP)
    let oldest = Number.POSITIVE_INFINITY
    for await (const records of eventLog.read(accessDecisions, { partition, from, to }))
      for (const record of records) {
        oldest = Math.min(oldest, record.appended_ms)
        yield record
      }
    if (oldest < since) return
  }
}
