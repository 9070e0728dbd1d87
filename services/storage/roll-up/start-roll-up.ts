import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Running } from '../../runtime/runtime.ts'
import { pendingDays } from './pending-days.ts'
import { rollUpDay } from './roll-up-day.ts'
import { readRollUps, type RollUp } from './roll-ups.ts'

export interface RollUpOptions {
  readonly client: ClickHouseClient
  readonly logger: Logger
  readonly metrics: Registry
  readonly cluster: string | undefined
  /** Pause between two looks. Default a minute. */
  readonly every_ms?: number
}

const EVERY_MS = 60_000

/**
 * Rolls up days that are over, one after the other, for as long as it runs.
 * Several processes that do the same are harmless, and so is none: panels read
 * from the decisions what is not rolled up. A day that fails is tried again at
 * the next look, and the others go on.
 */
export function startRollUp({
  client,
  logger,
  metrics,
  cluster,
  every_ms = EVERY_MS,
}: RollUpOptions): Running {
  const stopping = new AbortController()
  const rolled = new Counter({
    name: 'gatewatch_storage_rolled_up_days_total',
    help: 'Days that were rolled up, again or for the first time, by result.',
    labelNames: ['result'],
    registers: [metrics],
  })
  const pending = new Gauge({
    name: 'gatewatch_storage_roll_up_pending_days',
    help: 'Days that are over and not rolled up yet, or have got decisions since.',
    registers: [metrics],
  })

  const round = async (rollUps: readonly RollUp[]) => {
    const days = await pendingDays(client)
    for (const [index, day] of days.entries()) {
      pending.set(days.length - index)
      if (stopping.signal.aborted) return
      try {
        await rollUpDay(client, rollUps, day, { cluster, signal: stopping.signal })
        rolled.inc({ result: 'ok' })
      } catch (error) {
        if (stopping.signal.aborted) return
        rolled.inc({ result: 'failed' })
        logger.warn({ err: error, day: day.day }, 'a day could not be rolled up; panels read its decisions')
      }
    }
    pending.set(0)
  }
  const running = (async () => {
    const rollUps = await readRollUps()
    while (!stopping.signal.aborted) {
      // A store that is away is told of by whoever stores.
      await round(rollUps).catch((error: unknown) =>
        logger.debug({ err: error }, 'no day could be rolled up'),
      )
      await pause(every_ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  })()
  running.catch((error: unknown) => logger.error({ err: error }, 'days are not rolled up any more'))
  return {
    async stop() {
      stopping.abort()
      await running.catch(() => undefined)
    },
  }
}
