import { parseDecision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

/** How many records of each partition are looked at when nothing says where to begin. */
const BLIND_RECORDS = 20_000

/**
 * The ids of an enforcement point's decisions that the log holds from `offsets`
 * on (none: among its last records); of `wanted`, when that is given.
 */
export async function loggedIds(
  eventLog: EventLog,
  pep_id: string,
  offsets: readonly number[] | null,
  wanted?: ReadonlySet<string>,
): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const { partition, low, high } of await eventLog.watermarks(accessDecisions)) {
    const from = Math.max(low, offsets === null ? high - BLIND_RECORDS : (offsets[partition] ?? 0))
    for await (const records of eventLog.read(accessDecisions, { partition, from, to: high })) {
      for (const record of records) {
        const json = parseJson(record)
        const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
        if (decision?.pep?.id !== pep_id) continue
        if (wanted === undefined || wanted.has(decision.id)) ids.add(decision.id)
      }
    }
  }
  return ids
}
