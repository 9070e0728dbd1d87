import { prometheus } from '../metrics.ts'
import { expressionNode, type RuleEntry } from './rule-file.ts'
import { summaryOf, templated } from './templated.ts'

/** A rule of deploy/prometheus/rules.yaml. */
export interface PrometheusAlert {
  readonly alert: string
  readonly expr: string
  readonly for?: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * A rule of Prometheus as one that Grafana evaluates, as Grafana's own import
 * makes it: a series that the expression returns fires, whatever its value, so
 * a comparison that returns 0 (`up == 0`) fires too.
 *
 * No series is the expression's own "well", so no data is OK, as in Prometheus;
 * the expressions speak of absence where it matters.
 */
export function importedRule(rule: PrometheusAlert, isPaused: string): RuleEntry {
  const query = {
    refId: 'query',
    datasource: prometheus,
    expr: rule.expr.trim(),
    instant: true,
    range: false,
  }
  const any = ['is_number', 'is_nan', 'is_inf'].map((test) => `${test}($query)`).join(' || ')
  return {
    uid: `gatewatch-p-${rule.alert
      .replace(/^Gatewatch/, '')
      .replaceAll(/\B[A-Z]/g, '-$&')
      .toLowerCase()}`,
    title: rule.alert,
    condition: 'threshold',
    data: [
      {
        refId: 'query',
        datasourceUid: prometheus.uid,
        relativeTimeRange: { from: 600, to: 0 },
        model: query,
      },
      expressionNode('prometheus_math', 'math', any),
      expressionNode('threshold', 'threshold', 'prometheus_math', {
        conditions: [{ evaluator: { type: 'gt', params: [0] } }],
      }),
    ],
    noDataState: 'OK',
    execErrState: 'Error',
    for: rule.for ?? '0s',
    annotations: {
      ...texts(rule.annotations),
      summary: summaryOf(rule.alert, rule.annotations['summary'] ?? '', 'query'),
    },
    labels: texts(rule.labels),
    isPaused,
  }
}

function texts(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, text]) => [name, templated(text, 'query')]))
}
