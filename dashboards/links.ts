import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import type { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

const boards = [
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

/** Links to the other dashboards; time range and variables go along. */
export function linksFrom(uid: string): DashboardLinkBuilder[] {
  return boards
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

/** What a row of a panel names, and where more of it stands. */
interface Target {
  readonly title: string
  /** Of what a field of Grafana's holds: a cell, or a label of a line. */
  readonly url: (field: string) => string
}

/** The forensics of what a column names; time range, tenant and the console's address go along. */
function forensics(title: string, uid: string, variable: string): Target {
  return {
    title,
    url: (field) =>
      `/d/${uid}?var-${variable}=\${${field}:percentencode}&var-tenant=\${tenant:percentencode}&var-console=\${console:percentencode}&\${__url_time_range}`,
  }
}

/** A page of the console; the tenant goes along. */
function triage(title: string, path: string): Target {
  return {
    title,
    url: (field) => `\${console}/#/${path}/\${${field}:percentencode}?tenant=\${tenant:percentencode}`,
  }
}

export const toSubject = forensics('Look closer at this subject', 'gatewatch-subject', 'subject')
export const toSource = forensics('Look closer at this network', 'gatewatch-source', 'source')
export const toSession = forensics('Replay this session', 'gatewatch-session', 'session')
export const toResource = forensics('Look closer at this application', 'gatewatch-resource', 'app')
export const toDetector = forensics('Look closer at this detector', 'gatewatch-detectors', 'detector')
export const toExplanation = triage('Explain in the console', 'decisions')
export const toStory = triage('Open in the console', 'stories')

/**
 * Makes the values of `column` a link to what they name. Where another column
 * has the id that the link needs, `named` says which.
 */
export function linked(
  panel: TableBuilder,
  column: string,
  { title, url }: Target,
  named = column,
): TableBuilder {
  return panel.overrideByName(column, [
    { id: 'links', value: [{ title, url: url(`__data.fields.${named}`), targetBlank: false }] },
  ])
}

/** Makes each line a link to what its `label` names. */
export function linkedLines(panel: LinesBuilder, label: string, { title, url }: Target): LinesBuilder {
  return panel.overrideByRegexp('/.*/', [
    { id: 'links', value: [{ title, url: url(`__field.labels.${label}`), targetBlank: false }] },
  ])
}
