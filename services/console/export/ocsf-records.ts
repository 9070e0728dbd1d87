import { Finding } from '../../../schemas/finding.ts'
import { decisionToOcsf, findingToOcsf, type OcsfEvent } from '../../../schemas/ocsf.ts'
import { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { accessFindings, accessScored, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

/** What can be exported as OCSF: findings as Detection Finding (2004), decisions as API Activity (6003). */
export type ExportClass = 'findings' | 'decisions'

/** An event with what names it and places it in time. */
export interface Exported {
  readonly event: OcsfEvent
  /** `metadata.uid`: the same event has the same. */
  readonly uid: string
  readonly at: string
  readonly tenant: string
}

export function exportedFinding(finding: Finding): Exported {
  const { id, revision, observed_at: at, tenant } = finding
  return { event: findingToOcsf(finding), uid: `${id}-${revision}`, at, tenant }
}

export function exportedDecision(scored: ScoredDecision): Exported {
  const { id: uid, decided_at: at, tenant } = scored.decision
  return { event: decisionToOcsf(scored), uid, at, tenant }
}

/** Where a class is read from in the log. */
export const SOURCES: Readonly<Record<ExportClass, LogTopic>> = {
  findings: accessFindings,
  decisions: accessScored,
}

/** Undefined: it is not what the topic should hold; storage puts such a record aside. */
export function exportedRecord(of: ExportClass, record: Pick<LogRecord, 'value'>): Exported | undefined {
  if (of === 'findings') {
    const finding = readRecord(Finding, record)
    return finding && exportedFinding(finding)
  }
  const scored = readRecord(ScoredDecision, record)
  return scored && exportedDecision(scored)
}
