import { dashboards } from '../../../dashboards/catalogue.ts'
import { registeredMetrics } from '../deploy/registered-metrics.ts'

const STEP_S = 15
const SPAN_S = 7200
const BUCKETS = ['0.01', '0.1', '+Inf']

/**
 * Two hours of every metric that a panel names, up to `nowMs`, as OpenMetrics
 * text: one series each, with the labels that the code registers it with. All
 * rise, a quarter a second.
 */
export function pastMetrics(nowMs: number): string {
  const registered = registeredMetrics()
  const now = Math.floor(nowMs / 1000)
  const named = new Set(
    dashboards().flatMap((board) => JSON.stringify(board).match(/gatewatch_[a-z_]+/g) ?? []),
  )
  const lines: string[] = []
  for (const name of named) {
    const labels = registered.get(name.replace(/_bucket$/, ''))
    if (labels === undefined) continue
    const plain = (labels ?? []).map(
      (label) => `${label}="${label === 'group' ? 'storage' : `one-${label}`}"`,
    )
    const series = name.endsWith('_bucket') ? BUCKETS.map((le) => [...plain, `le="${le}"`]) : [plain]
    for (const set of series)
      for (let at = now - SPAN_S; at <= now; at += STEP_S)
        lines.push(`${name}{${set.join(',')}} ${1 + (at - now + SPAN_S) / 4} ${at}`)
  }
  return `${lines.join('\n')}\n# EOF\n`
}
