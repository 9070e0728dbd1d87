import type { Logger } from 'pino'
import { accessScored } from '../../../schemas/topics.ts'
import type { Consumption, EventLog, OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import type { ScoringMetrics } from '../metrics.ts'
import { paced } from '../run-stage.ts'
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
  { eventLog, logger, metrics, ruleMetrics, batchRecords }: RunRulesOptions,
): Promise<Consumption> {
  async function handle(part: PartitionRecords): Promise<readonly OutRecord[]> {
    const stop = metrics.seconds.startTimer({ stage: MATCH_STAGE })
    try {
      const set = loader.current
      const taken = adoptions.begin(part.partition, part.first_offset, set, new Date().toISOString())
      const { outputs, tally, rules } = await paced(matchSteps(part, set))
      metrics.count(MATCH_STAGE, tally)
      ruleMetrics.count(rules)
      return [...taken, ...outputs]
    } finally {
      stop()
    }
  }

  return eventLog.consume({
    group: MATCH_GROUP,
    topics: [accessScored],
    max_records: batchRecords,
    assigned: (_, partition) => adoptions.took(partition),
    failed(error) {
      metrics.failures.inc({ stage: MATCH_STAGE })
      logger.warn({ err: error, stage: MATCH_STAGE }, 'batch failed; it will be tried again')
    },
    async handle({ parts }) {
      const outputs: OutRecord[] = []
      for (const part of parts) for (const each of await handle(part)) outputs.push(each)
      return outputs
    },
  })
}
