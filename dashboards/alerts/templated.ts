/**
 * A template with Prometheus' names as Grafana knows them without a dollar,
 * which its files take for the environment's. `number` is the query whose value
 * `$value` is; where there may be none, see `summaryOf`.
 */
export function templated(text: string, number: string): string {
  return text.replaceAll('$labels.', '.Labels.').replaceAll('$value', `.Values.${number}.Value`).trim()
}

/**
 * The sentence that an alert begins with. Where a rule's query fails, Grafana
 * fires an alert DatasourceError with the rule's own texts, without any label or
 * number in them: whoever is called would read that requests went through
 * unjudged, while a query failed. And where a query gives nothing, a number that
 * is missing makes the template fail at every evaluation.
 */
export function summaryOf(title: string, summary: string, number: string): string {
  return `{{ if .Values.${number} }}${templated(summary, number)}{{ else }}${title} is not evaluated: its query failed.{{ end }}`
}
