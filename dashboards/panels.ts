import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  StackingMode,
} from '@grafana/grafana-foundation-sdk/common'
import { StackingConfigBuilder, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common'
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { clickhouse } from './clickhouse-query.ts'

/** Colours of outcomes and levels, the same in every panel and in the console. */
const colours: Readonly<Record<string, string>> = {
  permit: 'green',
  step_up: 'orange',
  deny: 'red',
  revoke: 'purple',
  error_closed: 'text',
  error_open: 'yellow',
  LOW: 'green',
  MEDIUM: 'orange',
  HIGH: 'red',
}

/** A number that answers `question`. */
export function stat(title: string, question: string): StatBuilder {
  return new StatBuilder()
    .title(title)
    .description(question)
    .datasource(clickhouse)
    .noValue('0')
    .height(4)
    .span(4)
}

/** Lines over time that answer `question`. */
export function lines(title: string, question: string): TimeSeriesBuilder {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
  const panel = new TimeSeriesBuilder()
    .title(title)
    .description(question)
    .datasource(clickhouse)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .legend(legend)
    .height(8)
    .span(12)
  for (const [name, fixedColor] of Object.entries(colours)) {
    panel.overrideByRegexp(`(^| )${name}$`, [{ id: 'color', value: { mode: 'fixed', fixedColor } }])
  }
  return panel
}

/** Stacked bars over time that answer `question`. */
export function bars(title: string, question: string): TimeSeriesBuilder {
  return lines(title, question)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
}

/** Rows that answer `question`. */
export function rows(title: string, question: string): TableBuilder {
  return new TableBuilder()
    .title(title)
    .description(question)
    .datasource(clickhouse)
    .noValue('Nothing in this time range')
    .height(8)
    .span(24)
}

/** Makes the values of a column links; `url` may use the row's fields. */
export function linked(panel: TableBuilder, column: string, title: string, url: string): TableBuilder {
  return panel.overrideByName(column, [{ id: 'links', value: [{ title, url, targetBlank: false }] }])
}

const others = [
  { title: 'Overview', uid: 'gatewatch-overview' },
  { title: 'Subject', uid: 'gatewatch-subject' },
  { title: 'Source', uid: 'gatewatch-source' },
  { title: 'Session', uid: 'gatewatch-session' },
  { title: 'Resource', uid: 'gatewatch-resource' },
  { title: 'Detectors', uid: 'gatewatch-detectors' },
  { title: 'Policy', uid: 'gatewatch-policy' },
  { title: 'Gateways', uid: 'gatewatch-gateways' },
  { title: 'Pipeline', uid: 'gatewatch-pipeline' },
  { title: 'Completeness', uid: 'gatewatch-completeness' },
] as const

/** Links to the other dashboards; time range and tenant go along. */
export function linksFrom(uid: string): DashboardLinkBuilder[] {
  return others
    .filter((other) => other.uid !== uid)
    .map((other) =>
      new DashboardLinkBuilder(other.title)
        .type(DashboardLinkType.Link)
        .icon('dashboard')
        .url(`/d/${other.uid}`)
        .keepTime(true)
        .includeVars(true),
    )
}

/** To the forensics of the thing in the row's column; time range and tenant go along. */
function forensicsUrl(uid: string, variable: string, column: string): string {
  return `/d/${uid}?var-${variable}=\${__data.fields.${column}:percentencode}&var-tenant=\${tenant:percentencode}&\${__url_time_range}`
}

export function subjectUrl(column: string): string {
  return forensicsUrl('gatewatch-subject', 'subject', column)
}

export function sourceUrl(column: string): string {
  return forensicsUrl('gatewatch-source', 'source', column)
}

export function sessionUrl(column: string): string {
  return forensicsUrl('gatewatch-session', 'session', column)
}

export function resourceUrl(column: string): string {
  return forensicsUrl('gatewatch-resource', 'app', column)
}

/** To a page of the console; `path` ends in the field that names the thing. */
export function consoleUrl(path: string, column: string): string {
  return `\${console}/#/${path}/\${__data.fields.${column}:percentencode}?tenant=\${tenant:percentencode}`
}
