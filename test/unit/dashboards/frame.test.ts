import { VariableType } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, it } from 'vitest'
import { CANARY_TENANT } from '../../../schemas/canary.ts'
import { built, panels, panelsOf, questions } from '../../support/dashboards/questions.ts'

const KINDS = ['stat', 'timeseries', 'table', 'geomap']
/** In these a value of a variable can't leave the literal that it stands in. */
const SAFE_FORMATS = ['percentencode', 'customqueryparam:v']

describe('every panel', () => {
  it.each(panels)('$name asks a question, in the same frame as all others', ({ panel }) => {
    expect(KINDS).toContain(panel.type)
    expect(panel.title).toBeTruthy()
    expect(panel.description).toContain('?')
    expect(panel.transparent).toBe(false)
    expect(panel.repeat).toBeUndefined()
    expect(panel.datasource?.uid).toMatch(/^gatewatch-(clickhouse|prometheus)$/)
    expect(panel.targets?.length).toBeGreaterThan(0)
    const { unit, noValue, thresholds } = panel.fieldConfig?.defaults ?? {}
    expect(unit).toBeTruthy()
    expect(noValue).toBeTruthy()
    // Grafana's own default turns whatever is over 80 red.
    expect(thresholds?.mode).toBe('absolute')
    expect(thresholds?.steps[0]).toEqual({ value: null, color: 'text' })
    const from = thresholds?.steps.slice(1).map(({ value }) => value ?? Number.NaN) ?? []
    expect(from).toEqual([...from].sort((a, b) => a - b))
  })

  const unanswered = panels.filter(
    ({ panel }) => panel.type === 'stat' && JSON.stringify(panel.targets).includes('NULL,'),
  )
  it.each(unanswered)('$name says that there is no figure, and not that it is nought', ({ panel }) => {
    expect(panel.fieldConfig?.defaults.noValue).toMatch(/[a-z]/)
  })

  it.each(panels)('$name names each of its queries', ({ panel }) => {
    const names = (panel.targets ?? []).map((target) => ('refId' in target ? target.refId : undefined))
    expect(new Set(names).size).toBe(panel.targets?.length)
    expect(names).not.toContain(undefined)
  })

  it.each(panels)('$name lays links and units on fields by name or query', ({ panel }) => {
    const matchers = (panel.fieldConfig?.overrides ?? []).map(({ matcher }) => matcher)
    for (const { id } of matchers) expect(['byName', 'byRegexp', 'byFrameRefID', 'byType']).toContain(id)
    // Without slashes it would have to fit the whole name, and Grafana puts the column's before a series'.
    for (const { options } of matchers.filter(({ id }) => id === 'byRegexp'))
      expect(options).toMatch(/^\/.+\/$/)
  })
})

describe('every dashboard', () => {
  it.each(built)('$uid has the frame that all have', (dashboard) => {
    expect(dashboard.title).toMatch(/^Gatewatch: /)
    expect(dashboard.description).toBeTruthy()
    expect(dashboard.tags).toEqual(['gatewatch'])
    expect(dashboard.editable).toBe(false)
    expect(dashboard.timezone).toBe('browser')
    expect(dashboard.graphTooltip).toBe(1)
    expect(dashboard.time?.to).toBe('now')
    expect(dashboard.links).toHaveLength(built.length - 1)
    expect(dashboard.links?.every(({ keepTime, includeVars }) => keepTime && includeVars)).toBe(true)
    expect(dashboard.templating?.list?.map(({ name }) => name).slice(0, 2)).toEqual(['tenant', 'console'])
    expect(dashboard.annotations?.list?.map(({ name }) => name)).toEqual([
      'Policy revisions',
      'Attacks found',
    ])
    expect(dashboard.annotations?.list?.every(({ enable }) => enable)).toBe(true)
  })

  it.each(built)(
    '$uid has every panel in its place: none over another, none beyond the edge',
    (dashboard) => {
      const taken = new Map<string, string>()
      for (const { title = '', gridPos } of panelsOf(dashboard)) {
        const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
        expect({ title, right: Math.max(x + w, 24), empty: w * h === 0 }).toEqual({
          title,
          right: 24,
          empty: false,
        })
        for (let column = x; column < x + w; column++)
          for (let row = y; row < y + h; row++) {
            expect({ title, over: taken.get(`${column}/${row}`) }).toEqual({ title, over: undefined })
            taken.set(`${column}/${row}`, title)
          }
      }
    },
  )

  it.each(built)(
    '$uid offers variables that can be searched, and several where several can be meant',
    (dashboard) => {
      const shown = (dashboard.templating?.list ?? []).filter(({ type }) => type !== VariableType.Constant)
      expect(shown.filter(({ label }) => !label)).toEqual([])
      const asked = shown.filter(({ type }) => type === VariableType.Query)
      for (const variable of asked) {
        expect(variable.datasource?.uid).toBe('gatewatch-clickhouse')
        expect(variable.refresh).toBe(1)
        expect(variable.query).toMatch(/LIMIT \d+$/)
      }
      for (const variable of asked.filter(({ name }) => name !== 'tenant'))
        expect(variable).toMatchObject({ multi: true, includeAll: true, allValue: '_all_' })
    },
  )
})

describe('every query', () => {
  it.each(questions)('$name takes variables in a form that no value breaks', ({ sql }) => {
    const formats = [...sql.matchAll(/\$\{\w+(?::([^}]+))?\}/g)].map(([, format]) => format)
    expect(formats.filter((format) => format === undefined || !SAFE_FORMATS.includes(format))).toEqual([])
    expect(sql).not.toMatch(/\$(?!\{|__)|\[\[/)
  })

  const rowed = questions.filter(({ panel }) => panel?.type !== 'stat' && panel?.type !== 'timeseries')
  it.each(rowed)('$name has a bound on its rows', ({ sql }) => {
    expect(sql).toMatch(/\bLIMIT \d+(?:\nSETTINGS .*)?$/)
  })

  it('reads one tenant, but for dead letters, which may name none, the numbers of gateways, which run over all, and the list of tenants', () => {
    const others = questions.filter(({ sql }) => !sql.includes("tenant = decodeURLComponent('${tenant:"))
    for (const { sql } of others)
      expect(sql).toMatch(/FROM dead_letters|FROM gateways_by_hour|^SELECT tenant/)
    const tenants = others.filter(({ name }) => name.endsWith('$tenant'))
    expect(tenants).toHaveLength(built.length)
    for (const { sql } of tenants) expect(sql).toContain(`!= '${CANARY_TENANT}'`)
  })
})
