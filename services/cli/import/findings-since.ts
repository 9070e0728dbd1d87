import type { Finding } from '../../../schemas/finding.ts'
import { accessFindings } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

/** The next offset of each partition of the findings. */
export async function whereFindingsEnd(eventLog: EventLog): Promise<ReadonlyMap<number, number>> {
  const marks = await eventLog.watermarks(accessFindings)
  return new Map(marks.map(({ partition, high }) => [partition, high]))
}

/** The findings of a tenant that came since, each once, at its last revision. */
export async function findingsSince(
  eventLog: EventLog,
  from: ReadonlyMap<number, number>,
  tenant: string,
): Promise<readonly Finding[]> {
  const findings = new Map<string, Finding>()
  for (const { partition } of await eventLog.watermarks(accessFindings)) {
    for await (const records of eventLog.read(accessFindings, {
      partition,
      from: from.get(partition) ?? 0,
    })) {
      for (const record of records) {
        const finding = readRecord(accessFindings.schema, record)
        if (finding?.tenant === tenant) findings.set(finding.id, finding)
      }
    }
  }
  return [...findings.values()]
}
