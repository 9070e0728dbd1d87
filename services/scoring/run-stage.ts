import type { Logger } from 'pino'
import { scoringState } from '../../schemas/topics.ts'
import type { Consumption, EventLog } from '../runtime/log/event-log.ts'
import type { ScoringMetrics } from './metrics.ts'
import { StagedStates } from './staged-states.ts'
import type { Stage } from './worker.ts'

export interface RunStageOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: ScoringMetrics
  readonly group: string
  readonly entitiesInMemory: number
  readonly batchRecords: number
}

/**
 * Runs a stage as a consumer group. Outputs, changed state and offsets go to
 * the log in one commit. A batch that failed, or whose commit did, comes again:
 * then everything in memory is thrown away first, and the state is read from
 * the log once more.
 */
export async function runStage(stage: Stage, options: RunStageOptions): Promise<Consumption> {
  const { eventLog, logger, metrics, group } = options
  const table = await eventLog.openTable(scoringState)
  await table.caughtUp()
  const states = new StagedStates(stage.name, (key) => table.get(key), options.entitiesInMemory)
  /** Offset after the last record of each partition that was handled, committed or not. */
  const handled = new Map<number, number>()
  const forget = async () => {
    states.discard()
    handled.clear()
    await table.caughtUp()
    states.caughtUp()
  }
  const consumption = await eventLog.consume({
    group,
    topics: [stage.input],
    max_records: options.batchRecords,
    assigned: forget,
    revoked: forget,
    failed(error) {
      metrics.failures.inc({ stage: stage.name })
      logger.warn({ err: error, stage: stage.name }, 'batch failed; it will be tried again')
    },
    async handle(batch) {
      const outputs = []
      for (const part of batch.parts) {
        if (part.first_offset < (handled.get(part.partition) ?? 0)) await forget()
        if (states.behind) {
          await table.caughtUp()
          states.caughtUp()
        }
        const stop = metrics.seconds.startTimer({ stage: stage.name })
        try {
          const done = stage.process(part, states)
          states.settle()
          handled.set(part.partition, part.last_offset + 1)
          metrics.count(stage.name, done.tally, states.size)
          outputs.push(...done.outputs)
        } catch (error) {
          states.discard()
          throw error
        } finally {
          stop()
        }
      }
      return outputs
    },
  })
  return {
    drained: () => consumption.drained(),
    async stop() {
      await consumption.stop()
      await table.close()
    },
  }
}
