/**
 * A template with Prometheus' names as Grafana knows them without a dollar,
 * which its files take for the environment's. `number` is the query whose value
 * `$value` is.
 *
 * Grafana writes the texts of an alert, and of a rule that is well, also where a
 * query failed or returned nothing. Without the condition a missing number makes
 * the template fail at every evaluation, and whoever is called reads its source.
 */
export function templated(text: string, number: string): string {
  return text
    .replaceAll('$labels.', '.Labels.')
    .replaceAll(
      /\{\{ \$value((?: \| [^}]+?)?) \}\}/g,
      (_m, format: string) => `{{ with .Values.${number} }}{{ .Value${format} }}{{ else }}?{{ end }}`,
    )
    .trim()
}
