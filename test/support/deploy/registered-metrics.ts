import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Registry } from 'prom-client'
import { collectorMetrics } from '../../../services/collector/live/metrics.ts'
import { feedbackMetrics } from '../../../services/feedback/metrics.ts'
import { gatewayMetrics } from '../../../services/gateway/metrics.ts'
import { spoolMetrics } from '../../../services/gateway/spool/metrics.ts'
import { canaryAge } from '../../../services/runtime/canary-age.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { logMetrics } from '../../../services/runtime/log/log-metrics.ts'
import { measuredLog } from '../../../services/runtime/log/measured-log.ts'
import { createMetrics } from '../../../services/runtime/metrics.ts'
import { Calibrators } from '../../../services/scoring/calibration/calibrators.ts'
import { calibrationMetrics } from '../../../services/scoring/calibration/metrics.ts'
import { scoringMetrics } from '../../../services/scoring/metrics.ts'
import { ruleMetrics } from '../../../services/scoring/rules/metrics.ts'
import { storageMetrics } from '../../../services/storage/metrics.ts'
import { verifyMetrics } from '../../../services/verify/metrics.ts'
import { ROOT } from './files.ts'

/**
 * Every metric that the code registers, with its labels, from the code itself:
 * names that are put together at run time are in it too. Null for the labels of
 * one that only stands in the source.
 */
export function registeredMetrics(): Map<string, readonly string[] | null> {
  const registry: Registry = createMetrics()
  // Nothing is collected, so the log is never asked.
  const log = {} as EventLog
  canaryAge(registry)
  logMetrics(registry)
  measuredLog(log, registry)
  gatewayMetrics(registry)
  spoolMetrics(registry)
  scoringMetrics(registry)
  ruleMetrics(registry)
  calibrationMetrics(registry, new Calibrators({ subject: [], source: [] }, 0))
  storageMetrics(registry, log, [])
  feedbackMetrics(registry)
  verifyMetrics(registry)
  collectorMetrics(registry)
  const found = new Map<string, readonly string[] | null>()
  const sources = readdirSync(join(ROOT, 'services'), { recursive: true, encoding: 'utf8' })
  for (const path of sources.filter((one) => one.endsWith('.ts')))
    for (const [, name] of readFileSync(join(ROOT, 'services', path), 'utf8').matchAll(
      /\bname: '(gatewatch_[a-z0-9_]+)'/g,
    ))
      found.set(String(name), null)
  for (const metric of registry.getMetricsAsArray())
    found.set(metric.name, 'labelNames' in metric ? (metric.labelNames as string[]) : [])
  return found
}
