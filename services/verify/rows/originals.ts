import { parseDecision, type Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'
import type { Doubt } from './check-stretch.ts'

/** Records of a partition that are looked through at most. */
const MOST_RECORDS = 200_000
/** A decision reaches the log at most this long after it was made, unless it lay in a spool. */
const LATE_MS = 60_000

/**
 * The decisions of doubtful segments as the log still holds them, by
 * `<pep>/<boot>/<seq>`. The place is found by halving, since offsets rise with
 * the time of appending; only records that name a boot are parsed.
 */
export async function findOriginals(
  eventLog: EventLog,
  doubts: readonly Doubt[],
): Promise<ReadonlyMap<string, Decision>> {
  const found = new Map<string, Decision>()
  const boots = [...new Set(doubts.map(({ stretch }) => stretch.boot_id))].map((boot) =>
    Buffer.from(`"${boot}"`),
  )
  const times = doubts
    .flatMap(({ stretch }) => [stretch.decided_from, stretch.decided_to])
    .map((at) => Date.parse(at))
  const fromMs = Math.min(...times) - LATE_MS
  const toMs = Math.max(...times) + LATE_MS
  for (const { partition, low, high } of await eventLog.watermarks(accessDecisions)) {
    const from = await firstAfter(eventLog, partition, low, high, fromMs)
    const to = Math.min(high, from + MOST_RECORDS)
    if (from >= to) continue
    for await (const records of eventLog.read(accessDecisions, { partition, from, to })) {
      for (const { value } of records) {
        if (value === null) continue
        const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
        if (!boots.some((boot) => bytes.includes(boot))) continue
        const json = parseJson({ value })
        const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
        if (!decision?.pep) continue
        const { id, boot_id, seq } = decision.pep
        const wanted = doubts.some(
          ({ stretch, segment }) =>
            stretch.pep_id === id &&
            stretch.boot_id === boot_id &&
            seq !== undefined &&
            seq >= segment.seq_from &&
            seq <= segment.seq_to,
        )
        if (wanted) found.set(`${id}/${boot_id}/${seq}`, decision)
      }
      if ((records.at(-1)?.appended_ms ?? 0) > toMs) break
    }
  }
  return found
}

async function firstAfter(
  eventLog: EventLog,
  partition: number,
  low: number,
  high: number,
  atMs: number,
): Promise<number> {
  let from = low
  let to = high
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if ((await appendedAt(eventLog, partition, middle)) < atMs) from = middle + 1
    else to = middle
  }
  return from
}

async function appendedAt(eventLog: EventLog, partition: number, offset: number): Promise<number> {
  for await (const [record] of eventLog.read(accessDecisions, { partition, from: offset, to: offset + 1 }))
    if (record) return record.appended_ms
  // Retention took it meanwhile.
  return 0
}
