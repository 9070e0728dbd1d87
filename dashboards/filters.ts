import {
  AdHocVariableBuilder,
  ConstantVariableBuilder,
  type Dashboard,
  type DashboardBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { clickhouse } from './clickhouse-query.ts'
import { ofTenant } from './variables.ts'

/**
 * Lets the reader filter decisions by any column, on every panel that reads
 * them. For a dashboard that reads decisions row by row: a roll-up has lost the
 * columns, and a figure that silently does not follow a filter misleads.
 *
 * The data source asks for the values of a column by the query in the second
 * variable, whose name it prescribes, with the column in the macro's place.
 *
 * @see https://grafana.com/docs/plugins/grafana-clickhouse-datasource/latest/template-variables/#ad-hoc-filters
 */
export function withFilters(builder: DashboardBuilder): DashboardBuilder {
  return builder
    .withVariable(
      new AdHocVariableBuilder('filters')
        .label('Filters')
        .description('Decisions that these columns agree with')
        .datasource(clickhouse),
    )
    .withVariable(
      new ConstantVariableBuilder('clickhouse_adhoc_query').value(
        `SELECT DISTINCT $__adhoc_column FROM decisions WHERE ${ofTenant} AND decided_at >= now() - INTERVAL '7 day' LIMIT 500`,
      ),
    )
}

/**
 * Says in every query of a dashboard with filters that they are meant for
 * decisions. Without it the data source guesses a table from each query, and
 * puts the filters on findings or risk where it guesses those.
 */
export function filtered(dashboard: Dashboard): Dashboard {
  const offers = dashboard.templating?.list?.some(({ type }) => type === 'adhoc') ?? false
  if (!offers) return dashboard
  for (const target of [
    ...(dashboard.panels ?? []).flatMap((panel) => ('targets' in panel ? (panel.targets ?? []) : [])),
    ...(dashboard.annotations?.list ?? []).flatMap((annotation) => annotation.target ?? []),
  ])
    if (isSql(target)) target.rawSql += `\nSETTINGS $__adHocFilters('decisions')`
  return dashboard
}

function isSql(target: object): target is { rawSql: string } {
  return 'rawSql' in target && typeof target.rawSql === 'string'
}
