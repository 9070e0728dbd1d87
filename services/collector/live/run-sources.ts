import type { Logger } from 'pino'
import { collectorImports } from '../../../schemas/topics.ts'
import type { CheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Running } from '../../runtime/runtime.ts'
import type { FormatName } from '../formats/format.ts'
import type { CollectorMetrics } from './metrics.ts'
import type { StartSource } from './source.ts'
import { supervise, type Supervised } from './supervise.ts'
import { startWatch, type WatchedSource } from './watch.ts'

export interface PlannedSource {
  readonly name: string
  readonly tenant: string
  readonly way: string
  readonly format: FormatName
  readonly timezone: string
  readonly silent_after_ms: number | null
  readonly start: StartSource
}

export interface RunningSources extends Running {
  silent(): readonly string[]
  /** Resolves when each source runs, or has failed for the first time. */
  readonly tried: Promise<unknown>
}

/** Runs the sources of one owner, until it stops or is no longer the owner. */
export async function runSources(
  planned: readonly PlannedSource[],
  parts: {
    readonly eventLog: EventLog
    readonly logger: Logger
    readonly signer: CheckpointSigner
    readonly metrics: CollectorMetrics
    readonly now: () => number
  },
): Promise<RunningSources> {
  const table = await parts.eventLog.openTable(collectorImports)
  const watched: (WatchedSource & { readonly supervised: Supervised })[] = []
  for (const source of planned) {
    const metrics = parts.metrics.source(source.name, source.silent_after_ms)
    const supervised = supervise(source.start, {
      ...parts,
      ...source,
      source: source.name,
      table,
      metrics,
      random: Math.random,
    })
    watched.push({ ...source, metrics, supervised })
  }
  const watch = await startWatch(parts.eventLog, parts.logger, watched, parts.now)
  return {
    silent: () => watch.silent(),
    tried: Promise.all(watched.map(({ supervised }) => supervised.tried)),
    async stop() {
      await Promise.all([watch.stop(), ...watched.map(({ supervised }) => supervised.stop())])
      await table.close()
    },
  }
}
