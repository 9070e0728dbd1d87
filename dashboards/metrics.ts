import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { lines } from './panels.ts'

/** The processes' own metrics, as Prometheus scrapes them from their admin ports. */
export const prometheus = { type: 'prometheus', uid: 'gatewatch-prometheus' } as const

/** Lines of one expression on metrics; `legend` names a line by its labels. */
export function metric(title: string, question: string, expr: string, legend: string): PanelBuilder {
  return metrics(title, question, { [legend]: expr })
}

/** Lines of several expressions on one axis, by what their lines are called. */
export function metrics(
  title: string,
  question: string,
  expressions: Readonly<Record<string, string>>,
): PanelBuilder {
  const panel = lines(title, question).datasource(prometheus)
  for (const [i, [legend, expr]] of Object.entries(expressions).entries())
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCodePoint(65 + i))
        .datasource(prometheus)
        .expr(expr)
        .legendFormat(legend),
    )
  return panel
}
