import { CANARY_TENANT } from '../schemas/canary.ts'
import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { clickhouse } from './clickhouse-query.ts'

/** Stands for every value. It is made of characters that no escaping changes. */
const ALL = '_all_'

/**
 * The value of a variable as an SQL expression.
 *
 * Grafana's quoting formats leave a backslash as it is, and ClickHouse takes
 * `\'` for a quote, so a value may end the string that it stands in. A value in
 * percent encoding holds no such character, whatever it spells, and ClickHouse
 * decodes it once, as a constant.
 */
export function valueOf(variable: string): string {
  return `decodeURLComponent('\${${variable}:percentencode}')`
}

/**
 * The values of a variable that takes several: `v=a&v=b`, each in percent
 * encoding, so that a comma is part of a value. All of them is `ALL`, bare.
 */
function valuesOf(variable: string): string {
  return `arrayMap(pair -> decodeURLComponent(replaceOne(pair, 'v=', '')), splitByChar('&', '\${${variable}:customqueryparam:v}'))`
}

/** A condition: the column has one of the chosen values, or everything is chosen. */
export function among(column: string, variable: string): string {
  return `(has(${valuesOf(variable)}, '${ALL}') OR has(${valuesOf(variable)}, ${column}))`
}

/** The tenant; every panel reads one tenant, whose rows lie together. */
export const ofTenant = `tenant = ${valueOf('tenant')}`

/**
 * Which tenant. By ingestion time, since imported history is old; without
 * Grafana's macros, since those are empty in a variable's query.
 */
export function tenantVariable(): QueryVariableBuilder {
  return new QueryVariableBuilder('tenant')
    .label('Tenant')
    .datasource(clickhouse)
    .query(
      `SELECT tenant FROM decision_days WHERE tenant != '${CANARY_TENANT}' AND stored_at >= now() - INTERVAL 90 DAY GROUP BY tenant ORDER BY tenant = 'default' DESC, tenant LIMIT 200`,
    )
    .current({ text: 'default', value: 'default' })
    .refresh(VariableRefresh.OnDashboardLoad)
}

/** Which applications; all at first. */
export function appVariable(): QueryVariableBuilder {
  return severalOf('app', 'Application').query(
    `SELECT app FROM decision_days WHERE ${ofTenant} AND stored_at >= now() - INTERVAL 90 DAY AND app != '' GROUP BY app ORDER BY app LIMIT 500`,
  )
}

/** A choice of several among what the store knows, with Grafana's search above the list; all at first. */
function severalOf(name: string, label: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(clickhouse)
    .multi(true)
    .includeAll(true)
    .allValue(ALL)
    .allowCustomValue(true)
    .current({ text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnDashboardLoad)
}

/** Which subject; typed in or handed over by a link. */
export function subjectVariable(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder('subject')
    .label('Subject')
    .description('A subject as user:alice or only alice')
    .defaultValue('')
}

/** Which network; typed in or handed over by a link. */
export function sourceVariable(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder('source')
    .label('Source')
    .description('An address, or a network as 192.0.2.0/24 or 2001:db8::/56')
    .defaultValue('')
}

/** Which session; handed over by a link. */
export function sessionVariable(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder('session')
    .label('Session')
    .description('The id of a session')
    .defaultValue('')
}

/** Which detectors; all at first. */
export function detectorVariable(): QueryVariableBuilder {
  return severalOf('detector', 'Detector').query(
    `SELECT toString(detector_id) AS detector FROM findings WHERE ${ofTenant} AND observed_at >= now() - INTERVAL 90 DAY GROUP BY detector ORDER BY detector LIMIT 500`,
  )
}

/** Which levels of risk; all at first. */
export function levelVariable(): CustomVariableBuilder {
  return new CustomVariableBuilder('level')
    .label('Level')
    .values('LOW,MEDIUM,HIGH')
    .multi(true)
    .includeAll(true)
    .allValue(ALL)
    .current({ text: ['All'], value: ['$__all'] })
}

/** Where the console is, for links to a story or decision. */
export function consoleVariable(): TextBoxVariableBuilder {
  const address = 'http://127.0.0.1:8090'
  return new TextBoxVariableBuilder('console')
    .label('Console')
    .description('Address of the console that links lead to')
    .defaultValue(address)
    .current({ text: address, value: address })
}
