import type { z } from 'zod'
import { Activity } from './activity.ts'
import { Alert, AlertDelivery } from './alert.ts'
import { KnownSubject, Tick } from './census.ts'
import { Checkpoint } from './checkpoint.ts'
import { Control } from './control.ts'
import { Decision, decisionKey } from './decision.ts'
import { Device } from './device.ts'
import { entityKey } from './entity.ts'
import { Erasure } from './erasure.ts'
import { Finding } from './finding.ts'
import { Logout } from './logout.ts'
import { PolicyRevision } from './policy.ts'
import { PolicyEffect } from './policy-effect.ts'
import { RiskState } from './risk.ts'
import { RuleMatch, RuleSetRecord } from './rule-match.ts'
import { ScoredDecision } from './scored-decision.ts'
import { SourceScores } from './source-scores.ts'
import { Story } from './story.ts'
import { Verdict } from './verdict.ts'

/** A topic as the event log sees it: bytes under keys. */
export interface LogTopic {
  /** `<data>.<stage>.v<schema major>`. Renaming one is a migration. */
  readonly name: string
  /** Partitions on Kafka; the embedded log has its own number, for one machine. */
  readonly partitions: number
  /** How long records are kept, in ms. Of a compacted topic the newest record of a key is kept for ever. */
  readonly retention_ms: number
  readonly compacted: boolean
}

/**
 * A topic and what is on it. Topic creation, the README's table and every
 * producer and consumer read these values: no code spells a topic's name.
 */
export interface Topic<T> extends LogTopic {
  readonly schema: z.ZodType<T>
  /** Partition key: everything that must be seen in order shares one. */
  readonly key: (value: T) => string
}

const DAY_MS = 86_400_000

function topic<T>(
  name: string,
  schema: z.ZodType<T>,
  key: (value: T) => string,
  kept: { days: number } | 'compacted',
  partitions = 12,
): Topic<T> {
  return { ...bytesTopic(name, kept, partitions), schema, key }
}

function bytesTopic(name: string, kept: { days: number } | 'compacted', partitions = 12): LogTopic {
  const compacted = kept === 'compacted'
  return { name, partitions, retention_ms: compacted ? Infinity : kept.days * DAY_MS, compacted }
}

export const accessDecisions = topic<Decision>('access.decisions.v1', Decision, decisionKey, { days: 7 })
export const accessActivity = topic<Activity>(
  'access.activity.v1',
  Activity,
  (a) => entityKey(a.tenant, a.entity),
  { days: 7 },
)
export const accessScored = topic<ScoredDecision>(
  'access.scored.v1',
  ScoredDecision,
  (s) => decisionKey(s.decision),
  { days: 7 },
)
export const accessFindings = topic<Finding>(
  'access.findings.v1',
  Finding,
  (f) => entityKey(f.tenant, f.entity),
  { days: 30 },
)
export const accessStories = topic<Story>(
  'access.stories.v1',
  Story,
  (s) => `${s.tenant}/${s.id}`,
  'compacted',
)
export const riskState = topic<RiskState>(
  'risk.state.v1',
  RiskState,
  (r) => entityKey(r.tenant, r.entity),
  'compacted',
)
export const policyRevisions = topic<PolicyRevision>(
  'policy.revisions.v1',
  PolicyRevision,
  (p) => `${p.tenant}/${p.policy}`,
  'compacted',
  1,
)
/** What revisions did to people, for the scoring stage that is keyed by place of a policy. */
export const policyEffects = topic<PolicyEffect>(
  'policy.effects.v1',
  PolicyEffect,
  (e) => entityKey(e.tenant, e.entity),
  { days: 30 },
)
export const analystVerdicts = topic<Verdict>(
  'analyst.verdicts.v1',
  Verdict,
  (v) => entityKey(v.tenant, v.entity),
  { days: 365 },
)
export const control = topic<Control>('control.v1', Control, (c) => `${c.tenant}/${c.name}`, 'compacted', 1)
export const deviceInventory = topic<Device>(
  'device.inventory.v1',
  Device,
  (d) => `${d.tenant}/${d.id}`,
  'compacted',
)
/** Sessions that were signed out before they ended, so that no gateway takes their cookies. */
export const sessionLogouts = topic<Logout>(
  'session.logouts.v1',
  Logout,
  (l) => `${l.tenant}/${l.session_id}`,
  'compacted',
  1,
)
/** What receivers of alerts should know; the durable outbox. */
export const alertsOutbox = topic<Alert>(
  'alerts.outbox.v1',
  Alert,
  (a) => `${a.tenant}/${a.id}`,
  'compacted',
  1,
)
export const alertsDeliveries = topic<AlertDelivery>(
  'alerts.deliveries.v1',
  AlertDelivery,
  (d) => `${d.tenant}/${d.alert_id}/${d.receiver}`,
  'compacted',
  1,
)
export const subjectCensus = topic<KnownSubject>(
  'subject.census.v1',
  KnownSubject,
  (k) => `${k.tenant}/${k.subject}`,
  'compacted',
)
/** Wakes the ledger for what time alone changes. */
export const feedbackTicks = topic<Tick>('feedback.ticks.v1', Tick, () => 'tick', { days: 1 }, 1)
/** Detector state of subjects, the changelog of the scoring worker: packed bytes under `subject/<entity key>`, in the partition of its decisions. */
export const scoringState = bytesTopic('scoring.state.v1', 'compacted')
/** The same of sources, in the partition of their activity. A topic of its own: each partition of a changelog has one writer, so its end is its writer's last commit. */
export const scoringSourceState = bytesTopic('scoring.source-state.v1', 'compacted')
/** The same of places of a policy, in the partition of their effects. */
export const scoringPolicyState = bytesTopic('scoring.policy-state.v1', 'compacted')
/** How strange networks, clients and devices have been on a day, for the role calibration. */
export const sourceScores = topic<SourceScores>(
  'scoring.source-scores.v1',
  SourceScores,
  (s) => entityKey(s.tenant, s.entity),
  { days: 7 },
)
/** Decisions that rules of the operator's matched; all of a rule and tenant in one partition, so that its findings a day can be counted. */
export const ruleMatches = topic<RuleMatch>(
  'scoring.rule-matches.v1',
  RuleMatch,
  (m) => `${m.tenant}/${m.rule}`,
  { days: 7 },
)
/** The texts of rules that are or were in force. */
export const ruleSets = topic<RuleSetRecord>(
  'scoring.rule-sets.v1',
  RuleSetRecord,
  (r) => r.version,
  'compacted',
  1,
)
/** What is counted for rules, the changelog of their matches: JSON, in the partition of the matches. */
export const scoringRuleState = bytesTopic('scoring.rule-state.v1', 'compacted')
/** Hourly snapshots of all of these states, for as long as decisions are kept: a base, and what changed since, slot by slot; in the partition of the state. */
export const scoringSnapshots = bytesTopic('scoring.snapshots.v1', 'compacted')
/** What the calibration role knows of each tenant's scores, as gzipped JSON under the tenant. */
export const scoringCalibrationState = bytesTopic('scoring.calibration-state.v1', 'compacted', 1)

/** What the collector has imported: ids in binary by tenant and day, and the end of each source's chain, so that a second import changes nothing. */
export const collectorImports = bytesTopic('collector.imports.v1', 'compacted')

/** Signed statements about stretches of chains; kept for longer than the decisions that they pin. */
export const integrityCheckpoints = topic<Checkpoint>(
  'integrity.checkpoints.v1',
  Checkpoint,
  (c) => `${c.tenant}/${c.pep_id}`,
  { days: 400 },
)

/** Who was erased, by keyed hashes and for ever: so that no late copy, replay or backup brings a person back. */
export const privacyErasures = topic<Erasure>(
  'privacy.erasures.v1',
  Erasure,
  (e) => `${e.tenant}/${e.id}`,
  'compacted',
  1,
)

/** Findings and decisions as OCSF events, for other systems; `gatewatch export --kafka-topic` fills it. */
export const exportOcsf = bytesTopic('export.ocsf.v1', { days: 7 })

/** Where the original bytes of an unusable record go, with headers `reason`, `source-topic`, `source-partition`, `source-offset`. */
export function deadLetterOf(source: LogTopic): LogTopic {
  return bytesTopic(`${source.name}${DEAD_LETTER}`, { days: 30 }, source.partitions)
}

export function isDeadLetter({ name }: LogTopic): boolean {
  return name.endsWith(DEAD_LETTER)
}

const DEAD_LETTER = '.dead-letter'

/** The topics whose readers put aside what they can't read, and so have a dead-letter topic. */
export const parsedTopics: readonly LogTopic[] = [
  accessDecisions,
  accessActivity,
  accessScored,
  accessFindings,
  accessStories,
  riskState,
  analystVerdicts,
  ruleMatches,
  policyEffects,
]

/** Every topic there is. */
export const topics: readonly LogTopic[] = [
  accessDecisions,
  accessActivity,
  accessScored,
  accessFindings,
  accessStories,
  riskState,
  policyRevisions,
  policyEffects,
  analystVerdicts,
  control,
  deviceInventory,
  sessionLogouts,
  alertsOutbox,
  alertsDeliveries,
  subjectCensus,
  feedbackTicks,
  scoringState,
  scoringSourceState,
  scoringPolicyState,
  scoringCalibrationState,
  sourceScores,
  ruleMatches,
  ruleSets,
  scoringRuleState,
  scoringSnapshots,
  collectorImports,
  integrityCheckpoints,
  privacyErasures,
  exportOcsf,
  ...parsedTopics.map(deadLetterOf),
]
