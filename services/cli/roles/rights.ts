import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  accessStories,
  alertsDeliveries,
  alertsOutbox,
  analystVerdicts,
  collectorImports,
  control,
  deadLetterOf,
  deviceInventory,
  feedbackTicks,
  integrityCheckpoints,
  parsedTopics,
  policyEffects,
  policyRevisions,
  privacyErasures,
  riskState,
  ruleMatches,
  ruleSets,
  scoringCalibrationState,
  scoringPolicyState,
  scoringRuleState,
  scoringSnapshots,
  scoringSourceState,
  scoringState,
  sessionLogouts,
  sourceScores,
  subjectCensus,
} from '../../../schemas/topics.ts'
import type { LogRights } from '../../runtime/log/kafka/admin/rights.ts'
import type { Role } from './role.ts'

/**
 * What each role does on the event log, and so what its user on Kafka must be
 * allowed. A start is refused where something lacks; `deploy/kafka/README.md`
 * has the same as a table, and a test runs every role with these rights and no
 * others.
 */
export const RIGHTS: Readonly<Record<Role, LogRights>> = {
  gateway: {
    reads: [accessDecisions, riskState, policyRevisions, deviceInventory, sessionLogouts, privacyErasures],
    writes: [
      accessDecisions,
      policyRevisions,
      deviceInventory,
      sessionLogouts,
      control,
      alertsOutbox,
      integrityCheckpoints,
    ],
    joins: [],
    watches: ['scoring', 'scoring-source', 'feedback'],
  },
  scoring: {
    reads: [
      accessDecisions,
      accessActivity,
      policyEffects,
      // For rules, and their own topics.
      accessScored,
      ruleMatches,
      ruleSets,
      scoringRuleState,
      scoringState,
      scoringSourceState,
      scoringPolicyState,
      scoringSnapshots,
      control,
      alertsOutbox,
      privacyErasures,
    ],
    writes: [
      control,
      accessActivity,
      accessScored,
      accessFindings,
      scoringState,
      scoringSourceState,
      scoringPolicyState,
      scoringSnapshots,
      sourceScores,
      policyEffects,
      ruleMatches,
      ruleSets,
      scoringRuleState,
      alertsOutbox,
      deadLetterOf(accessDecisions),
      deadLetterOf(accessActivity),
      deadLetterOf(policyEffects),
      deadLetterOf(ruleMatches),
    ],
    joins: [
      'scoring',
      'scoring-source',
      'scoring-policy',
      'scoring-rules',
      'scoring-rule-matches',
      'scoring-snapshots',
    ],
    watches: [],
  },
  calibration: {
    // Findings count against the budget, and verdicts teach.
    reads: [
      accessScored,
      sourceScores,
      accessFindings,
      analystVerdicts,
      control,
      scoringCalibrationState,
      privacyErasures,
    ],
    writes: [control, scoringCalibrationState],
    joins: ['calibration'],
    watches: [],
  },
  storage: {
    // Its canary watch reads control.
    reads: [
      accessScored,
      accessFindings,
      accessStories,
      riskState,
      analystVerdicts,
      control,
      ...parsedTopics.map(deadLetterOf),
      privacyErasures,
    ],
    writes: [accessScored, accessFindings, accessStories, riskState, analystVerdicts].map(deadLetterOf),
    joins: ['storage'],
    watches: [],
  },
  feedback: {
    reads: [
      accessDecisions,
      accessScored,
      accessFindings,
      accessStories,
      analystVerdicts,
      riskState,
      policyRevisions,
      control,
      alertsOutbox,
      alertsDeliveries,
      subjectCensus,
      feedbackTicks,
      privacyErasures,
    ],
    writes: [
      accessFindings,
      accessStories,
      analystVerdicts,
      riskState,
      alertsOutbox,
      alertsDeliveries,
      subjectCensus,
      feedbackTicks,
      deadLetterOf(accessFindings),
      deadLetterOf(analystVerdicts),
    ],
    joins: ['feedback', 'feedback-usage'],
    watches: ['storage'],
  },
  collector: {
    reads: [collectorImports, control, alertsOutbox, privacyErasures],
    writes: [
      accessDecisions,
      deadLetterOf(accessDecisions),
      collectorImports,
      control,
      alertsOutbox,
      integrityCheckpoints,
    ],
    joins: ['collector'],
    watches: [],
  },
  verify: {
    reads: [accessDecisions, integrityCheckpoints, control, alertsOutbox, privacyErasures],
    writes: [control, alertsOutbox, accessFindings],
    joins: [],
    watches: ['storage'],
  },
}

/** What a process needs that runs several roles. */
export function rightsOf(roles: readonly Role[]): LogRights {
  const all = roles.map((role) => RIGHTS[role])
  return {
    reads: all.flatMap(({ reads }) => reads),
    writes: all.flatMap(({ writes }) => writes),
    joins: all.flatMap(({ joins }) => joins),
    watches: all.flatMap(({ watches }) => watches),
  }
}
