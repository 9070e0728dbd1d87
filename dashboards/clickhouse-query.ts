import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/** The data source that deploy/grafana/provisioning makes; its uid is fixed, so that links and exports hold. */
export const clickhouse = { type: 'grafana-clickhouse-datasource', uid: 'gatewatch-clickhouse' } as const

/** A query as Grafana's ClickHouse data source (version 4) stores it. */
export interface ClickHouseQuery extends Dataquery {
  refId: string
  datasource: typeof clickhouse
  editorType: 'sql'
  queryType: 'table' | 'timeseries'
  /** sqlds' number for the same: 0 time series, 1 table. */
  format: 0 | 1
  rawSql: string
  pluginVersion: string
}

/** The version of the plugin whose query model this is; an older one in the JSON would be migrated on load. */
const PLUGIN_VERSION = '4.20.0'

/**
 * A query on ClickHouse: the SDK has no builder for this data source. `table`
 * and `timeSeries` say what the rows are; the latter needs a column `time`.
 */
export class ClickHouseQueryBuilder implements Builder<Dataquery> {
  private readonly internal: ClickHouseQuery

  constructor(refId: string, queryType: 'table' | 'timeseries', rawSql: string) {
    this.internal = {
      refId,
      datasource: clickhouse,
      editorType: 'sql',
      queryType,
      format: queryType === 'timeseries' ? 0 : 1,
      rawSql: trimmed(rawSql),
      pluginVersion: PLUGIN_VERSION,
      _implementsDataqueryVariant() {},
    }
  }

  build(): ClickHouseQuery {
    return this.internal
  }
}

export function table(rawSql: string, refId = 'A'): ClickHouseQueryBuilder {
  return new ClickHouseQueryBuilder(refId, 'table', rawSql)
}

export function timeSeries(rawSql: string, refId = 'A'): ClickHouseQueryBuilder {
  return new ClickHouseQueryBuilder(refId, 'timeseries', rawSql)
}

/** SQL without the indentation that it has in our source. */
function trimmed(sql: string): string {
  return sql
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}
