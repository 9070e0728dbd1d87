/** A question that is asked again and again, and what it means when the answer is bad. */
export interface StoreAlert {
  /** After `gatewatch-`. Never changed: silences and links name it. */
  readonly name: string
  readonly title: string
  readonly severity: 'critical' | 'warning'
  /** What belongs together; the label by which notifications are grouped. */
  readonly part: string
  /** Rows of text columns, which become labels, and one number `value`. */
  readonly sql: string
  /** What `$__timeFilter` and its kin are given: seconds before now. */
  readonly range_s: { readonly from: number; readonly to: number }
  /** When `value` is bad. */
  readonly fires: { readonly above: number } | { readonly below: number }
  /** How long it must be bad, in minutes. */
  readonly for_min: number
  /** What no row at all means; see `state_because`. */
  readonly no_data: 'OK' | 'Alerting'
  /** What a query that fails means: `Error` raises one alert DatasourceError for all rules of the data source. */
  readonly error: 'Error' | 'Alerting'
  /** Why these two. */
  readonly state_because: string
  /** One sentence; may name labels as `{{ $labels.tenant }}` and the number as `{{ $value }}`, as in Prometheus. */
  readonly summary: string
  /** What it means and what to do. */
  readonly description: string
  /** A section of deploy/runbooks.md. */
  readonly runbook: string
  /** Where the same is seen over time. */
  readonly panel: { readonly board: string; readonly title: string }
}
