import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dashboards } from '../../../../dashboards/catalogue.ts'
import { storeAlerts } from '../../../../dashboards/alerts/rule-files.ts'
import { expand } from '../../../../services/console/dashboards/macros.ts'
import { readText } from '../../../support/deploy/files.ts'

/** What the data source's own code made of these queries. */
const Recorded = z.strictObject({
  about: z.string(),
  versions: z.array(z.string()),
  cases: z.array(
    z.strictObject({
      sql: z.string(),
      from_ms: z.int(),
      to_ms: z.int(),
      interval_ms: z.int(),
      expanded: z.string(),
    }),
  ),
})
const { cases } = Recorded.parse(JSON.parse(readText('test/support/dashboards/plugin-macros.json')))
const macrosIn = (sql: string) => [...sql.matchAll(/\$__(\w+)/g)].map(([, name = '']) => name)

describe("macros, beside the ClickHouse data source's own code", () => {
  it('the console makes the same of a query, or leaves the macro standing for all to see', () => {
    const whole = cases.filter(({ interval_ms }) => interval_ms % 1000 === 0)
    const made = whole.map(({ sql, from_ms, to_ms, interval_ms }) =>
      expand(sql, {
        from: new Date(from_ms),
        to: new Date(to_ms),
        interval_s: interval_ms / 1000,
        variables: {},
      }),
    )
    const complete = whole.filter((_one, i) => !made[i]?.includes('$__'))
    expect(complete.length).toBeGreaterThan(50)
    expect(made.filter((text) => !text.includes('$__'))).toEqual(complete.map(({ expanded }) => expanded))
  })

  it('every macro that a panel or an alert uses is among the recorded ones', () => {
    const panels = dashboards().flatMap(({ panels: all = [] }) => JSON.stringify(all))
    const alerts = storeAlerts.flatMap((group) => group.alerts.map(({ sql }) => sql))
    const recorded = new Set(cases.flatMap(({ sql }) => macrosIn(sql)))
    // Not macros of the plugin: Prometheus' own, Grafana's addresses of links, and filters, which the browser writes.
    const others = new Set([
      'rate_interval',
      'url_time_range',
      'adHocFilters',
      'all',
      'data',
      'value',
      'cell',
    ])
    const used = new Set([...panels, ...alerts].flatMap(macrosIn).filter((name) => !others.has(name)))
    expect(used.size).toBeGreaterThan(3)
    expect([...used].filter((name) => !recorded.has(name))).toEqual([])
  })
})
