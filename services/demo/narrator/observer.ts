import type { Decision } from '../../../schemas/decision.ts'
import { Decision as DecisionSchema } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { Finding as FindingSchema } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { RiskState as RiskStateSchema } from '../../../schemas/risk.ts'
import { accessDecisions, accessFindings, riskState } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'
import type { Running } from '../../runtime/runtime.ts'

/** What the narrator sees, in the order of the log: nothing but what is on the topics. */
export interface Watcher {
  decision?(decision: Decision): void
  /** `found_ms`: when the log took the finding. */
  finding?(finding: Finding, found_ms: number): void
  risk?(state: RiskState): void
}

export interface Observer extends Running {
  /** Returns what ends it. */
  watch(watcher: Watcher): () => void
  /** When a decision was made, if it was among the last few thousand. */
  readonly decidedMs: (decision_id: string) => number | undefined
  /** Whether a person's risk has been above LOW, and not come down since. */
  isRestricted(subject_id: string): boolean
  readonly counts: { decisions: number; findings: number }
}

const REMEMBERED = 5000
const MAX_RESTRICTED = 500

/** Reads decisions, findings and risk of a tenant as they come. Topics are read side by side: only instants order them. */
export async function startObserver(eventLog: EventLog, tenant: string): Promise<Observer> {
  const watchers = new Set<Watcher>()
  const decided = new Map<string, number>()
  const restricted = new Set<string>()
  const counts = { decisions: 0, findings: 0 }

  function onDecision(record: LogRecord): void {
    const decision = parsed(record, DecisionSchema)
    if (!decision || decision.tenant !== tenant || decision.origin !== 'live') return
    counts.decisions += 1
    decided.set(decision.id, Date.parse(decision.decided_at))
    for (const oldest of decided.keys()) {
      if (decided.size <= REMEMBERED) break
      decided.delete(oldest)
    }
    for (const watcher of watchers) watcher.decision?.(decision)
  }

  function onFinding(record: LogRecord): void {
    const finding = parsed(record, FindingSchema)
    if (!finding || finding.tenant !== tenant || finding.origin !== 'live') return
    counts.findings += 1
    for (const watcher of watchers) watcher.finding?.(finding, record.appended_ms)
  }

  function onRisk(record: LogRecord): void {
    const state = record.value === null ? null : parsed(record, RiskStateSchema)
    if (!state || state.tenant !== tenant || state.origin !== 'live') return
    if (state.entity.type === 'subject') {
      if (state.level === 'LOW') restricted.delete(state.entity.id)
      else if (restricted.size < MAX_RESTRICTED) restricted.add(state.entity.id)
    }
    for (const watcher of watchers) watcher.risk?.(state)
  }

  const consumption = await eventLog.consume({
    group: 'demo-narrator',
    topics: [accessDecisions, accessFindings, riskState],
    from: 'latest',
    handle: ({ parts }) => {
      for (const { topic, records } of parts) {
        for (const record of records) {
          if (topic.name === accessDecisions.name) onDecision(record)
          else if (topic.name === accessFindings.name) onFinding(record)
          else onRisk(record)
        }
      }
      return []
    },
  })

  return {
    counts,
    isRestricted: (id) => restricted.has(`user:${id}`),
    decidedMs: (id) => decided.get(id),
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    stop: () => consumption.stop(),
  }
}

function parsed<T>(
  record: LogRecord,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | null {
  const json = parseJson(record)
  if (json.kind !== 'ok') return null
  const result = schema.safeParse(json.value)
  return result.success ? result.data : null
}
