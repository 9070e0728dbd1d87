import { accessFindings } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

export type FindingCounts = Readonly<Record<'LOW' | 'MEDIUM' | 'HIGH', number>>

/** The next offset of each partition of the findings. */
export async function whereFindingsEnd(eventLog: EventLog): Promise<ReadonlyMap<number, number>> {
  const marks = await eventLog.watermarks(accessFindings)
  return new Map(marks.map(({ partition, high }) => [partition, high]))
}

/** How many findings of a tenant came since, each counted once at its highest level. */
export async function findingsSince(
  eventLog: EventLog,
  from: ReadonlyMap<number, number>,
  tenant: string,
): Promise<FindingCounts> {
  const levels = new Map<string, keyof FindingCounts>()
  for (const { partition } of await eventLog.watermarks(accessFindings)) {
    for await (const records of eventLog.read(accessFindings, {
      partition,
      from: from.get(partition) ?? 0,
    })) {
      for (const record of records) {
        const parsed = parseJson(record)
        if (parsed.kind !== 'ok') continue
        const finding = accessFindings.schema.safeParse(parsed.value)
        // Revisions come in order, and a level only rises.
        if (finding.success && finding.data.tenant === tenant)
          levels.set(finding.data.id, finding.data.risk_level)
      }
    }
  }
  const counts = { LOW: 0, MEDIUM: 0, HIGH: 0 }
  for (const level of levels.values()) counts[level] += 1
  return counts
}
