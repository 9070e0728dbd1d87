import { stringify } from 'yaml'
import { clickhouse, table } from '../clickhouse-query.ts'
import type { StoreAlert } from './alert-rule.ts'
import { summaryOf, templated } from './templated.ts'

/** The folder of the dashboards; provisioning makes it by this name. */
export const FOLDER = 'Gatewatch'

/** A node of an alert's chain of queries, as Grafana's files have it. */
interface QueryNode {
  readonly refId: string
  readonly datasourceUid: string
  readonly queryType?: string
  readonly relativeTimeRange: { readonly from: number; readonly to: number }
  readonly model: Readonly<Record<string, unknown>>
}

/** A rule in a file of Grafana's alerting provisioning, format 1. */
export interface RuleEntry {
  readonly uid: string
  readonly title: string
  readonly condition: string
  readonly data: readonly QueryNode[]
  readonly dashboardUid?: string
  readonly panelId?: number
  readonly noDataState: 'OK' | 'Alerting'
  readonly execErrState: 'Error' | 'Alerting'
  readonly for: string
  readonly annotations: Readonly<Record<string, string>>
  /** Grafana takes `$name` in labels for a variable of its environment: write `{{ .Labels.name }}`. */
  readonly labels: Readonly<Record<string, string>>
  readonly isPaused?: string
}

export interface RuleGroup {
  readonly orgId: 1
  readonly name: string
  readonly folder: string
  readonly interval: string
  readonly rules: readonly RuleEntry[]
}

/** Finds the id of a panel; throws where there is none. */
export type PanelIds = (board: string, title: string) => number

/** An alert on the store as a rule: the query, and a threshold on its number. */
export function storeRule(alert: StoreAlert, panelId: PanelIds): RuleEntry {
  const [type, bound] =
    'above' in alert.fires ? (['gt', alert.fires.above] as const) : (['lt', alert.fires.below] as const)
  // As it is stored: without the function that marks it for the SDK's types.
  const model: Record<string, unknown> = JSON.parse(JSON.stringify(table(alert.sql).build()))
  return {
    uid: `gatewatch-${alert.name}`,
    title: alert.title,
    condition: 'C',
    data: [
      {
        refId: 'A',
        datasourceUid: clickhouse.uid,
        relativeTimeRange: alert.range_s,
        model: { ...model, intervalMs: 60_000, maxDataPoints: 1000 },
      },
      expressionNode('C', 'threshold', 'A', { conditions: [{ evaluator: { type, params: [bound] } }] }),
    ],
    dashboardUid: `gatewatch-${alert.panel.board}`,
    panelId: panelId(alert.panel.board, alert.panel.title),
    noDataState: alert.no_data,
    execErrState: alert.error,
    for: `${alert.for_min}m`,
    annotations: {
      // A rule that fires when its query fails says so in its own words.
      summary:
        alert.error === 'Error' ? summaryOf(alert.title, alert.summary, 'A') : templated(alert.summary, 'A'),
      description: alert.description,
      runbook_url: `deploy/runbooks.md#${alert.runbook}`,
    },
    labels: { severity: alert.severity, part: alert.part },
  }
}

/** A server-side expression; `expression` names the node that it reads, or is the formula itself. */
export function expressionNode(
  refId: string,
  type: 'math' | 'threshold',
  expression: string,
  more: Readonly<Record<string, unknown>> = {},
): QueryNode {
  return {
    refId,
    datasourceUid: '__expr__',
    queryType: type,
    relativeTimeRange: { from: 0, to: 0 },
    model: { refId, type, expression, datasource: { type: '__expr__', uid: '__expr__' }, ...more },
  }
}

/** The file, with `notes` before everything. */
export function ruleFile(groups: readonly RuleGroup[], notes: string): string {
  const text = stringify({ apiVersion: 1, groups }, { lineWidth: 0, aliasDuplicateObjects: false })
  return `${comment(notes)}\n${text}`
}

function comment(text: string): string {
  return text
    .split('\n')
    .map((line) => `# ${line}`.trimEnd())
    .join('\n')
}
