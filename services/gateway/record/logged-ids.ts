import { setImmediate as nextTurn } from 'node:timers/promises'
import { isRecord } from '../../../schemas/record.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

/** How many records of each partition are looked at when nothing says where to begin. */
const BLIND_RECORDS = 20_000

/** The ids of an enforcement point's decisions that the log holds from `offsets` on (null: among its last records). */
export async function loggedIds(
  eventLog: EventLog,
  pep_id: string,
  offsets: readonly number[] | null,
): Promise<Set<string>> {
  const ids = new Set<string>()
  const marks = await eventLog.watermarks(accessDecisions)
  for (const { partition, low, high } of marks) {
    const from = Math.max(low, offsets === null ? high - BLIND_RECORDS : (offsets[partition] ?? 0))
    for await (const records of eventLog.read(accessDecisions, { partition, from, to: high })) {
      for (const record of records) {
        const json = parseJson(record)
        const pep = json.kind === 'ok' && isRecord(json.value) ? json.value['pep'] : undefined
        if (isRecord(pep) && pep['id'] === pep_id) ids.add(record.headers['ce_id'] ?? '')
      }
      // An outage may have left a hundred thousand of them: requests have their turn in between.
      await nextTurn()
    }
  }
  return ids
}

/** Looks in the log for appends that were never answered. At most one batch is in doubt at a time, the oldest. */
export interface ReadBack {
  /** Of these ids, those that the log holds by now. */
  find(ids: ReadonlySet<string>): Promise<ReadonlySet<string>>
  /** The batch that was asked about last is settled, and what follows was not appended before: the next look begins where that one ended. */
  settled(): void
}

/** @param offsets where everything that may be in doubt lies behind, by partition */
export function openReadBack(
  eventLog: Pick<EventLog, 'watermarks' | 'read'>,
  offsets: () => readonly number[],
): ReadBack {
  let begin: readonly number[] = []
  let ends: readonly number[] = []
  return {
    async find(ids) {
      const found = new Set<string>()
      const seen: number[] = []
      const kept = offsets()
      for (const { partition, low, high } of await eventLog.watermarks(accessDecisions)) {
        const from = Math.max(low, kept[partition] ?? 0, begin[partition] ?? 0)
        for await (const records of eventLog.read(accessDecisions, { partition, from, to: high })) {
          for (const { headers } of records) {
            const id = headers['ce_id'] ?? ''
            if (ids.has(id)) found.add(id)
          }
          await nextTurn()
        }
        seen[partition] = high
      }
      ends = seen
      return found
    },
    settled() {
      begin = ends
    },
  }
}
