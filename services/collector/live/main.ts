import { control } from '../../../schemas/topics.ts'
import type { CheckpointsConfig } from '../../runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import type { Running, Runtime } from '../../runtime/runtime.ts'
import { within } from '../../runtime/within.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import type { CollectorConfig } from './config.ts'
import { COLLECTOR_GROUP } from './group.ts'
import { collectorMetrics } from './metrics.ts'
import { startersOf } from './starters.ts'
import { runSources, type RunningSources } from './run-sources.ts'

/** How long a start waits for its sources; one that stands by for another collector does not hold it up for longer. */
const READY_WITHIN_MS = 5000

export interface CollectorExtras {
  readonly tokens: Tokens
  readonly tenant: string
  readonly checkpoints: CheckpointsConfig
  /** How long the start waits for its sources. Default 5 s. */
  readonly ready_within_ms?: number
}

export interface Collector extends Running {
  /** Where pushes are taken; null without a source of kind `http`. */
  readonly http_port: number | null
  /** What people should know though all works; null: nothing. */
  note(): string | null
}

/**
 * Starts the live sources of the configuration; without one it does nothing.
 *
 * Two collectors would both read each source, so one does: the owner of the
 * group `collector`. Another one with the same sources stands by, and takes over
 * when the owner is gone.
 */
export async function startCollector(
  runtime: Runtime,
  config: CollectorConfig,
  { tokens, tenant, checkpoints, ready_within_ms = READY_WITHIN_MS }: CollectorExtras,
): Promise<Collector> {
  // Without a source too: rules and dashboards name these figures.
  const metrics = collectorMetrics(runtime.metrics)
  if (config.sources.length === 0) return { http_port: null, note: () => null, stop: async () => {} }
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'collector' })
  const now = Date.now
  const parts = {
    eventLog,
    logger,
    now,
    signer: await openCheckpointSigner(runtime.dataDir, checkpoints, now()),
    metrics,
  }
  const starters = await startersOf(config, { tokens, logger })
  const planned = config.sources.map((source) => ({
    ...source,
    tenant: source.tenant ?? tenant,
    way: source.kind,
    silent_after_ms: source.silent_after === 'never' ? null : source.silent_after,
    start: starters.of(source),
  }))
  let running: RunningSources | null = null
  let stopping = false
  const ready = Promise.withResolvers<void>()

  async function leave(): Promise<void> {
    const left = running
    running = null
    await left?.stop()
  }

  const membership = await eventLog.consume({
    group: COLLECTOR_GROUP,
    topics: [control],
    sole: true,
    from: 'latest',
    handle: () => [],
    async assigned(_topic, partition) {
      if (partition !== 0) return
      running ??= await runSources(planned, parts)
      void running.tried.then(() => ready.resolve())
      logger.info({ sources: planned.map(({ name }) => name) }, 'collecting')
    },
    async revoked(_topic, partition) {
      if (partition !== 0) return
      if (!stopping) logger.warn('another collector has the sources now; this one stands by')
      await leave()
    },
    failed: (error) => logger.warn({ err: error }, 'the sources could not be begun; it is tried again'),
  })
  await within(ready.promise, ready_within_ms)
  return {
    http_port: starters.http_port,
    note() {
      const silent = running?.silent() ?? []
      return silent.length === 0 ? null : `silent: ${silent.join(', ')}`
    },
    async stop() {
      stopping = true
      await leave()
      await Promise.all([membership.stop(), starters.stop()])
    },
  }
}
