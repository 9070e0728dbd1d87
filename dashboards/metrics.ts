import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { lines } from './panels.ts'

/** The processes' own metrics, as Prometheus scrapes them from their admin ports. */
export const prometheus = { type: 'prometheus', uid: 'gatewatch-prometheus' } as const

/** Lines of one expression on metrics; `legend` names a line by its labels. */
export function metric(title: string, question: string, expr: string, legend: string): PanelBuilder {
  return lines(title, question)
    .datasource(prometheus)
    .withTarget(new DataqueryBuilder().refId('A').datasource(prometheus).expr(expr).legendFormat(legend))
}
