import type { Running, Runtime } from '../runtime/runtime.ts'
import { Adoptions } from './calibration/adoptions.ts'
import { runCalibration } from './calibration/run-calibration.ts'
import type { ScoringConfig } from './config.ts'
import { enricher, openLookups, type Enrich } from './enrich/enrich.ts'
import { readNetworksFile } from './enrich/networks-file.ts'
import { openLists, type KnownBad } from './lists/open-lists.ts'
import { scoringMetrics } from './metrics.ts'
import type { Stages } from './replay.ts'
import { formatProblem } from './rules/language/problem.ts'
import { ruleMetrics } from './rules/metrics.ts'
import { startRules } from './rules/start-rules.ts'
import { runStage } from './run-stage.ts'
import { runSnapshots, type RunSnapshotsOptions } from './snapshots/run-snapshots.ts'
import { openStateAlerts } from './state-alerts.ts'
import { sourceDetectors } from './source-stage.ts'
import { subjectDetectors } from './subject-stage.ts'
import { policyStage, SOURCE_MEMORY, sourceStage, subjectStage } from './worker.ts'

/** A started scoring role; `drained` is for whoever waits until all that was in the log is scored. */
export interface RunningScoring extends Running {
  drained(): Promise<void>
  /** What is wrong with the operator's rules, in one line for `gatewatch status`. */
  note(): string | null
}

/**
 * How long stages that no subject's loop passes wait for company, ms. A commit costs Kafka the same for one record as
 * for a hundred: at 500 decisions a second a stage that waits 20 ms makes a third of the transactions.
 */
const LINGER_MS = { source: 20, rules: 20, policy: 200 } as const

export interface StartScoringOptions {
  readonly tenant?: string
  readonly now?: () => number
  /** How often snapshots of the state are taken, and how long they are kept. */
  readonly snapshots?: Pick<RunSnapshotsOptions, 'everyMs' | 'keptMs'>
}

/** Starts the stages: decisions by subject, their slim records by source, and what policies did by their place. */
export async function startScoring(
  runtime: Runtime,
  config: ScoringConfig,
  { tenant = 'default', now = Date.now, snapshots: taken = {} }: StartScoringOptions = {},
): Promise<RunningScoring> {
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'scoring' })
  const metrics = scoringMetrics(runtime.metrics)
  const lists = await openLists(config.lists, { ...runtime, logger }, { now })
  const enrich = await openEnrich(config, lists)
  const alerts = await openStateAlerts(eventLog, { tenant, now })
  const options = {
    alerts,
    eventLog,
    logger,
    metrics,
    entitiesInMemory: config.entities_in_memory,
    batchRecords: config.batch_records,
  }
  const stages = scoringStages(enrich, config)
  const adoptions = {
    subject: new Adoptions(stages.subject.name, stages.subject.detectors),
    source: new Adoptions(stages.source.name, stages.source.detectors),
  }
  await adoptions.subject.open(eventLog)
  await adoptions.source.open(eventLog)
  const subjects = await runStage(stages.subject, {
    ...options,
    adoptions: adoptions.subject,
    group: 'scoring',
  })
  const sources = await runStage(stages.source, {
    ...options,
    adoptions: adoptions.source,
    group: 'scoring-source',
    lingerMs: LINGER_MS.source,
  })
  const policies = await runStage(stages.policy, {
    ...options,
    group: 'scoring-policy',
    lingerMs: LINGER_MS.policy,
  })
  const rules =
    config.rules === undefined
      ? undefined
      : await startRules(config.rules, {
          ...options,
          lingerMs: LINGER_MS.rules,
          tenant,
          ruleMetrics: ruleMetrics(runtime.metrics),
        })
  const snapshots = await runSnapshots({ eventLog, logger, tenant, ...taken })
  logger.info('scoring started')
  return {
    async drained() {
      await subjects.drained()
      await sources.drained()
      await policies.drained()
      await rules?.drained()
    },
    note() {
      const [first, ...others] = rules?.loader.problems ?? []
      if (first === undefined) return null
      return `${formatProblem(first)}${others.length === 0 ? '' : ` (and ${others.length} more)`}`
    },
    async stop() {
      await snapshots.stop()
      await rules?.stop()
      await subjects.stop()
      await sources.stop()
      await policies.stop()
      await adoptions.subject.close()
      await adoptions.source.close()
      await alerts.close()
      await lists.stop()
    },
  }
}

/** Starts the calibration role: how rare scores are, and thresholds, of the detectors of both stages. */
export function startCalibration(
  runtime: Runtime,
  { findings_per_day, calibrate_on_import }: Pick<ScoringConfig, 'findings_per_day' | 'calibrate_on_import'>,
  { takeover_ms }: { readonly takeover_ms: number },
): Promise<Running> {
  const detectors = { subject: subjectDetectors(), source: sourceDetectors() }
  return runCalibration(runtime, detectors, findings_per_day, takeover_ms, calibrate_on_import)
}

/** Both stages, with as much memory as configured; a replay needs the same. */
export function scoringStages(
  enrich: Enrich,
  config: Pick<ScoringConfig, 'entities' | 'idle_days' | 'stranger_idle_days'>,
): Stages {
  const { entities } = config
  const subject = {
    entities,
    idle_hours: config.idle_days * 24,
    stranger_idle_hours: config.stranger_idle_days * 24,
  }
  return {
    subject: subjectStage(enrich, subject),
    source: sourceStage({ ...SOURCE_MEMORY, entities }),
    policy: policyStage(),
  }
}

/** Enrichment as configured: the operator's networks first, then the tables that ship with the package. */
export async function openEnrich(
  config: Pick<ScoringConfig, 'networks_file' | 'sensitivity'>,
  knownBad?: KnownBad,
): Promise<Enrich> {
  const knownNetworkOf =
    config.networks_file === undefined ? undefined : readNetworksFile(config.networks_file)
  return enricher({
    ...(await openLookups()),
    knownNetworkOf,
    sensitivityRules: config.sensitivity,
    knownBad,
  })
}
