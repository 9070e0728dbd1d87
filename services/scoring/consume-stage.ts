import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { Consumption, EventLog, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import type { Holdings, ScoringMetrics } from './metrics.ts'

export interface StageConsumption {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: ScoringMetrics
  /** The stage's name in metrics and in the log. */
  readonly stage: string
  readonly group: string
  readonly input: LogTopic
  readonly batchRecords: number
  /** How long a batch waits for company, ms. Default 0: each commit takes what is there. */
  readonly lingerMs?: number | undefined
  readonly assigned: (partition: number) => Promise<void>
  readonly revoked?: (partition: number) => void
  /** Gives what the records of one partition come to. When it throws, the same records come again. */
  readonly handle: (part: PartitionRecords) => Promise<readonly OutRecord[]>
  /** What the stage's state takes, for metrics; a stage without state has none. */
  readonly holdings?: () => Holdings
}

/** Consumes a stage's input as a group: counts, times and tells of failures in the same way for every stage. */
export async function consumeStage(options: StageConsumption): Promise<Consumption> {
  const { eventLog, logger, metrics, stage, batchRecords, holdings, revoked } = options

  async function handle(part: PartitionRecords): Promise<readonly OutRecord[]> {
    const stop = metrics.seconds.startTimer({ stage })
    try {
      return await options.handle(part)
    } finally {
      stop()
    }
  }

  const unwatch = holdings === undefined ? () => undefined : metrics.watch(stage, holdings)
  const consumption = await eventLog.consume({
    group: options.group,
    topics: [options.input],
    max_records: batchRecords,
    min_records: batchRecords,
    linger_ms: options.lingerMs ?? 0,
    assigned: (_, partition) => options.assigned(partition),
    revoked: (_, partition) => revoked?.(partition),
    failed(error) {
      metrics.failures.inc({ stage })
      if (error instanceof GatewatchError && error.code === 'ERR_STATE_UNREADABLE')
        logger.error({ stage, code: error.code }, error.message)
      else logger.warn({ err: error, stage }, 'batch failed; it will be tried again')
    },
    async handle({ parts }) {
      const outputs: OutRecord[] = []
      for (const part of parts) for (const each of await handle(part)) outputs.push(each)
      return outputs
    },
  })
  return {
    drained: () => consumption.drained(),
    async stop() {
      await consumption.stop()
      unwatch()
    },
  }
}

/**
 * Lets the event loop go between two steps: heartbeats, fetches, requests and
 * the other stage wait for a step, not for a batch. The log hands out a
 * partition's next batch only after this one, and `revoked` and `assigned` meanwhile
 * only drop its state, or put other state in its place: nothing else touches what
 * the steps work on.
 */
export async function paced<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await nextTurn()
  }
}
