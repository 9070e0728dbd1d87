import type { StoreAlert } from '../../../dashboards/alerts/alert-rule.ts'
import { expand } from '../../../services/console/dashboards/macros.ts'

/** The SQL that Grafana's data source sends for the alert at that time. */
export function expandedAlert({ sql, range_s }: StoreAlert, nowMs: number): string {
  return expand(sql, {
    from: new Date(nowMs - range_s.from * 1000),
    to: new Date(nowMs - range_s.to * 1000),
    interval_s: 60,
    variables: {},
  })
}

/** The labels of the rows that the alert's threshold is crossed by: every text column is a label. */
export function firing(
  { fires }: StoreAlert,
  rows: readonly Record<string, unknown>[],
): Record<string, string>[] {
  return rows.flatMap(({ value, ...labels }) => {
    if (typeof value !== 'number') throw new TypeError('an alert needs one column "value", a number')
    const crossed = 'above' in fires ? value > fires.above : value < fires.below
    if (Object.values(labels).some((label) => typeof label !== 'string'))
      throw new TypeError('every other column of an alert is text')
    return crossed ? [Object.fromEntries(Object.entries(labels).map(([name, l]) => [name, String(l)]))] : []
  })
}
