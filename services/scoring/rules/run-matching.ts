import type { Logger } from 'pino'
import { accessScored } from '../../../schemas/topics.ts'
import type { Consumption, EventLog } from '../../runtime/log/event-log.ts'
import type { ScoringMetrics } from '../metrics.ts'
import { consumeStage, paced } from '../consume-stage.ts'
import type { RuleMetrics } from './metrics.ts'
import type { RuleAdoptions } from './rule-adoptions.ts'
import type { RuleLoader } from './rule-loader.ts'
import { MATCH_STAGE, matchSteps } from './stages.ts'

export interface RunRulesOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: ScoringMetrics
  readonly ruleMetrics: RuleMetrics
  readonly batchRecords: number
  /** How long a batch waits for company, ms. Default 0: each commit takes what is there. */
  readonly lingerMs?: number
}

export const MATCH_GROUP = 'scoring-rules'

/**
 * Runs the stage that holds scored decisions against the rules. It keeps nothing
 * but which rules each partition is held against. Matches, that choice and
 * offsets go to the log in one commit.
 */
export function runMatching(
  loader: RuleLoader,
  adoptions: RuleAdoptions,
  options: RunRulesOptions,
): Promise<Consumption> {
  const { metrics, ruleMetrics } = options

  return consumeStage({
    ...options,
    stage: MATCH_STAGE,
    group: MATCH_GROUP,
    input: accessScored,
    assigned: (partition) => adoptions.took(partition),
    async handle(part) {
      const set = loader.current
      const taken = adoptions.begin(part.partition, part.first_offset, set, new Date().toISOString())
      const { outputs, tally, rules } = await paced(matchSteps(part, set))
      metrics.count(MATCH_STAGE, tally)
      ruleMetrics.count(rules)
      return [...taken, ...outputs]
    },
  })
}
