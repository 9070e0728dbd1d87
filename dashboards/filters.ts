import {
  AdHocVariableBuilder,
  ConstantVariableBuilder,
  type Dashboard,
  type DashboardBuilder,
  VariableType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { clickhouse } from './clickhouse-query.ts'
import { ofTenant } from './variables.ts'

/**
 * Lets the reader filter decisions by any column, on every panel that reads
 * them row by row: a roll-up has lost the columns.
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

/** No table: where filters are meant for it, they reach nothing. */
const NOWHERE = 'none'
const ROLLED = /_by_(hour|day)\b/

/**
 * Says in every query of a dashboard with filters what they are meant for:
 * decisions, and where roll-ups are read, nothing, which the panel's description
 * says. Without it the data source guesses a table from each query, and puts the
 * filters on findings or risk where it guesses those.
 */
export function filtered(dashboard: Dashboard): Dashboard {
  const offers = dashboard.templating?.list?.some(({ type }) => type === VariableType.Adhoc) ?? false
  if (!offers) return dashboard
  for (const panel of dashboard.panels ?? [])
    if ('targets' in panel && (panel.targets ?? []).map(direct).includes(NOWHERE))
      panel.description += ' Filters on columns do not reach it.'
  for (const { target } of dashboard.annotations?.list ?? []) if (target) direct(target)
  return dashboard
}

/** Directs the filters at a table, which it returns; undefined where the target is not of this data source. */
function direct(target: object): string | undefined {
  if (!('rawSql' in target && typeof target.rawSql === 'string')) return undefined
  const table = ROLLED.test(target.rawSql) ? NOWHERE : 'decisions'
  target.rawSql += `\nSETTINGS $__adHocFilters('${table}')`
  return table
}
