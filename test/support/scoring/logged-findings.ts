import type { Finding } from '../../../schemas/finding.ts'
import { accessFindings } from '../../../schemas/topics.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { readWhole } from '../../../services/scoring/read-whole.ts'

/** The findings that are in a log, every revision, by partition. */
export async function loggedFindings(eventLog: EventLog): Promise<Finding[]> {
  const findings: Finding[] = []
  for await (const part of readWhole(eventLog, accessFindings)) {
    for (const { value } of part.records) {
      if (value !== null)
        findings.push(accessFindings.schema.parse(JSON.parse(new TextDecoder().decode(value))))
    }
  }
  return findings
}
