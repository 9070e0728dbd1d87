import type { Running, Runtime } from '../runtime/runtime.ts'
import type { ScoringConfig } from './config.ts'
import { enricher, openLookups, type Enrich } from './enrich/enrich.ts'
import { readNetworksFile } from './enrich/networks-file.ts'
import { scoringMetrics } from './metrics.ts'
import { runStage } from './run-stage.ts'
import { sourceStage, subjectStage } from './worker.ts'

/** A started scoring role; `drained` is for whoever waits until all that was in the log is scored. */
export interface RunningScoring extends Running {
  drained(): Promise<void>
}

/** Starts both stages: decisions by subject, and their slim records by source. */
export async function startScoring(runtime: Runtime, config: ScoringConfig): Promise<RunningScoring> {
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'scoring' })
  const metrics = scoringMetrics(runtime.metrics)
  const enrich = await openEnrich(config)
  const options = {
    eventLog,
    logger,
    metrics,
    entitiesInMemory: config.entities_in_memory,
    batchRecords: config.batch_records,
  }
  const subjects = await runStage(subjectStage(enrich), { ...options, group: 'scoring' })
  const sources = await runStage(sourceStage(), { ...options, group: 'scoring-source' })
  logger.info('scoring started')
  return {
    async drained() {
      await subjects.drained()
      await sources.drained()
    },
    async stop() {
      await subjects.stop()
      await sources.stop()
    },
  }
}

/** Enrichment as configured: the operator's networks first, then the tables that ship with the package. */
export async function openEnrich(
  config: Pick<ScoringConfig, 'networks_file' | 'sensitivity'>,
): Promise<Enrich> {
  const knownNetworkOf =
    config.networks_file === undefined ? undefined : readNetworksFile(config.networks_file)
  return enricher({ ...(await openLookups()), knownNetworkOf, sensitivityRules: config.sensitivity })
}
