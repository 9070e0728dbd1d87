import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { z } from 'zod'
import { dashboards } from '../../../dashboards/catalogue.ts'

/** A query of a dashboard, as Grafana finds it in the JSON. */
export interface Question {
  /** `gatewatch-overview: Decisions`, `gatewatch-overview: $app`, `gatewatch-overview: @Attacks found`. */
  readonly name: string
  readonly uid: string
  readonly kind: 'panel' | 'variable' | 'annotation'
  readonly sql: string
  /** Whether Grafana makes lines of its rows. */
  readonly series: boolean
  /** Of a panel alone. */
  readonly panel?: Panel
}

const SqlTarget = z.object({ rawSql: z.string(), queryType: z.string(), refId: z.string() })
const VariableQuery = z.object({ type: z.literal('query'), name: z.string(), query: z.string() })

export const built: readonly Dashboard[] = dashboards()
export const panels = built.flatMap((dashboard) =>
  panelsOf(dashboard).map((panel) => ({
    name: `${dashboard.uid}: ${panel.title}`,
    uid: uidOf(dashboard),
    panel,
  })),
)
export const questions: readonly Question[] = [
  ...panels.flatMap(({ name, uid, panel }) =>
    (panel.targets ?? []).flatMap((target, i) => {
      const query = SqlTarget.safeParse(target).data
      if (query === undefined) return []
      const series = query.queryType === 'timeseries'
      return [
        {
          name: i === 0 ? name : `${name}, ${query.refId}`,
          uid,
          kind: 'panel' as const,
          sql: query.rawSql,
          series,
          panel,
        },
      ]
    }),
  ),
  ...built.flatMap((dashboard) => [
    ...(dashboard.templating?.list ?? []).flatMap((variable) => {
      const query = VariableQuery.safeParse(variable).data
      if (query === undefined) return []
      const name = `${dashboard.uid}: $${query.name}`
      return [{ name, uid: uidOf(dashboard), kind: 'variable' as const, sql: query.query, series: false }]
    }),
    ...(dashboard.annotations?.list ?? []).flatMap((annotation) => {
      const query = SqlTarget.safeParse(annotation.target).data
      if (query === undefined) return []
      const name = `${dashboard.uid}: @${annotation.name}`
      return [{ name, uid: uidOf(dashboard), kind: 'annotation' as const, sql: query.rawSql, series: false }]
    }),
  ]),
]

export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).flatMap((panel) => ('targets' in panel ? [panel] : []))
}

export function sqlOf(name: string): string {
  const question = questions.find((each) => each.name === name)
  if (question === undefined) throw new Error(`nothing asks "${name}"`)
  return question.sql
}

function uidOf({ uid }: Dashboard): string {
  return uid ?? ''
}
