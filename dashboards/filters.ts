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
 * Lets the reader filter decisions by any column. A roll-up has lost the columns:
 * once there is a filter, every panel reads decisions (`rolled.ts`), and takes longer.
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

/** No table: there filters reach nothing. */
const NOWHERE = 'none'

/**
 * Says in every query of a dashboard with filters what they are meant for:
 * decisions. Without it the data source guesses a table from each query, and puts
 * the filters on findings or risk where it guesses those. What happened on the
 * time axis is the same however decisions are filtered.
 */
export function filtered(dashboard: Dashboard): Dashboard {
  const offers = dashboard.templating?.list?.some(({ type }) => type === VariableType.Adhoc) ?? false
  if (!offers) return dashboard
  for (const panel of dashboard.panels ?? [])
    if ('targets' in panel) for (const target of panel.targets ?? []) direct(target, 'decisions')
  for (const { target } of dashboard.annotations?.list ?? []) if (target) direct(target, NOWHERE)
  return dashboard
}

/** Directs the filters at a table, where the target is of this data source. */
function direct(target: object, table: string): void {
  if ('rawSql' in target && typeof target.rawSql === 'string')
    target.rawSql += `\nSETTINGS $__adHocFilters('${table}')`
}
