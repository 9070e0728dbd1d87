import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { StoreAlert } from './alert-rule.ts'
import { gap, nothingArrives, unvouched } from './gap-alerts.ts'
import { letThrough, overBudget, refusals, storyWaits, tenantSilent } from './people-alerts.ts'
import { importedRule, type PrometheusAlert } from './prometheus-alert.ts'
import { FOLDER, type PanelIds, ruleFile, storeRule } from './rule-file.ts'

/** The variable that says whether Grafana leaves the rules of Prometheus to Prometheus: `true` or `false`, no default. */
const PAUSED = '${GATEWATCH_PROMETHEUS_RULES_PAUSED}'

/** What only the store knows: asked often where minutes count, seldom where a day is looked over. */
export const storeAlerts: readonly { readonly interval: string; readonly alerts: readonly StoreAlert[] }[] = [
  { interval: '1m', alerts: [nothingArrives, letThrough, refusals] },
  { interval: '5m', alerts: [gap, unvouched, tenantSilent, overBudget, storyWaits] },
]

export interface PrometheusGroup {
  readonly name: string
  readonly rules: readonly PrometheusAlert[]
}

/** The files of alert rules that Grafana reads, by name: `store.yaml` and `pipeline.yaml`. */
export function ruleFiles(
  built: readonly Dashboard[],
  prometheus: readonly PrometheusGroup[],
): { readonly name: string; readonly text: string }[] {
  const panelId = panelIds(built)
  const store = storeAlerts.map(({ interval, alerts }) => ({
    orgId: 1 as const,
    name: `gatewatch store, every ${interval}`,
    folder: FOLDER,
    interval,
    rules: alerts.map((alert) => storeRule(alert, panelId)),
  }))
  const pipeline = prometheus.map(({ name, rules }) => ({
    orgId: 1 as const,
    name,
    folder: FOLDER,
    // A multiple of Grafana's own step of 10 s.
    interval: '30s',
    rules: rules.map((rule) => importedRule(rule, PAUSED)),
  }))
  return [
    { name: 'store.yaml', text: ruleFile(store, STORE_NOTES) },
    { name: 'pipeline.yaml', text: ruleFile(pipeline, PIPELINE_NOTES) },
  ]
}

const WRITTEN = 'Written by `node dashboards/generate.ts`: what is changed here is lost.'
const STATES = storeAlerts
  .flatMap(({ alerts }) => alerts)
  .map(
    ({ title, no_data, error, state_because }) => `${title}: no data ${no_data}, ${error}. ${state_because}`,
  )
  .join('\n')
const STORE_NOTES = `What only the store knows. ${WRITTEN}
What no data and a failing query mean, and why (one rule alone says that the store is away; of the others
Grafana makes one alert DatasourceError):
${STATES}`
const PIPELINE_NOTES = `deploy/prometheus/rules.yaml, for Grafana to evaluate. ${WRITTEN}
Where Prometheus evaluates them itself, set GATEWATCH_PROMETHEUS_RULES_PAUSED=true, or everybody is woken twice.`

function panelIds(built: readonly Dashboard[]): PanelIds {
  return (board, title) => {
    const dashboard = built.find(({ uid }) => uid === `gatewatch-${board}`)
    const panel = dashboard?.panels?.find((one) => one.title === title)
    if (panel?.id === undefined) throw new Error(`there is no panel "${title}" on the dashboard ${board}`)
    return panel.id
  }
}
