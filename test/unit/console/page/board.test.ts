import { describe, expect, it } from 'vitest'
import { readAssets } from '../../../../services/console/asset-files.ts'
import {
  Definition,
  readDefinitions,
  type Panel,
} from '../../../../services/console/dashboards/definition.ts'
import { publicOf } from '../../../../services/console/dashboards/public-definition.ts'
import { columnsOf, drawnOf } from '../../../../services/console/page/dashboards/chart-data.js'
import { fieldOf } from '../../../../services/console/page/dashboards/field.js'
import { placesOf } from '../../../../services/console/page/dashboards/places.js'
import { colourName, shownValue } from '../../../../services/console/page/dashboards/shown-value.js'
import { fit, outlines, project, zoomed } from '../../../../services/console/page/dashboards/world.js'
import { inUnit } from '../../../../services/console/page/units.js'

/** A panel of this field configuration, as the page gets it. */
function panelOf(part: Partial<Record<keyof Panel, unknown>>) {
  const definition = Definition.parse({
    uid: 'u',
    title: 't',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [] },
    panels: [{ id: 1, type: 'timeseries', gridPos: { x: 0, y: 0, w: 12, h: 8 }, ...part }],
  })
  const [panel] = publicOf(definition, 15).panels
  if (panel === undefined) throw new Error('no panel')
  return panel
}

describe('a field', () => {
  const panel = panelOf({
    fieldConfig: {
      defaults: { unit: 's', custom: { drawStyle: 'bars' } },
      overrides: [
        {
          matcher: { id: 'byRegexp', options: '/(^| )deny$/' },
          properties: [{ id: 'unit', value: 'short' }],
        },
        { matcher: { id: 'byRegexp', options: 'per' }, properties: [{ id: 'unit', value: 'none' }] },
        {
          matcher: { id: 'byFrameRefID', options: 'risk' },
          properties: [{ id: 'custom.drawStyle', value: 'line' }],
        },
        {
          matcher: { id: 'byName', options: 'x' },
          properties: [{ id: 'custom.stacking', value: { mode: 'none' } }],
        },
      ],
    },
  })

  it('is the defaults with every override that fits', () => {
    expect(fieldOf(panel, { name: 'permit' })).toMatchObject({ unit: 's', custom: { drawStyle: 'bars' } })
    expect(fieldOf(panel, { name: 'app deny', ref_id: 'risk' })).toMatchObject({
      unit: 'short',
      custom: { drawStyle: 'line' },
    })
    expect(fieldOf(panel, { name: 'x' }).custom['stacking']).toEqual({ mode: 'none' })
  })
})

describe('a value', () => {
  it.each([
    [0.1234, 'percentunit', 1, '12.3 %'],
    [90, 's', undefined, '90 s'],
    [0.0000004, 's', undefined, '0.4 µs'],
    [0, 'ms', undefined, '0 s'],
    [7_200_000, 'ms', undefined, '2 h'],
    [3 * 1024 * 1024, 'bytes', undefined, '3 MiB'],
    [1234.5, 'short', undefined, '1,235'],
    [0.5, 'reqps', undefined, '0.5/s'],
  ])('%d in %s is %s', (value, unit, decimals, text) => {
    expect(inUnit(value, unit, decimals)).toBe(text)
  })

  it('that is text in the store is no figure, though it is made of digits', () => {
    expect(shownValue('00123', { unit: 's' })).toBe('00123')
  })

  it('has the colour of its threshold, or of its mapping', () => {
    const thresholds = {
      mode: 'absolute' as const,
      steps: [
        { value: null, color: 'green' },
        { value: 60, color: 'red' },
      ],
    }
    expect([59, 60].map((value) => colourName(value, { thresholds }))).toEqual(['green', 'red'])
    const mappings = [{ type: 'value', options: { 1: { text: 'yes', color: 'blue' } } }]
    expect([shownValue(1, { mappings }), colourName(1, { mappings })]).toEqual(['yes', 'blue'])
  })
})

describe('stacked bars', () => {
  it('stand on those after them, and a line beside them on nothing', () => {
    const panel = panelOf({
      fieldConfig: {
        defaults: { custom: { drawStyle: 'bars', stacking: { mode: 'normal' } } },
        overrides: [
          {
            matcher: { id: 'byName', options: 'risk' },
            properties: [{ id: 'custom.stacking', value: { mode: 'none' } }],
          },
        ],
      },
    })
    const series = [
      { name: 'permit', ref_id: 'A', values: [3, 1, null] },
      { name: 'deny', ref_id: 'A', values: [1, null, null] },
      { name: 'risk', ref_id: 'B', values: [null, 50, 60] },
    ]
    const answer = { kind: 'series' as const, interval_s: 60, times: [0, 60, 120], series, left_out: 0 }
    expect(columnsOf(answer.times, drawnOf(panel, answer, new Set()))).toEqual([
      [0, 60, 120],
      [4, 1, null],
      [1, null, null],
      [null, 50, 60],
    ])
    expect(columnsOf(answer.times, drawnOf(panel, answer, new Set(['deny'])))[1]).toEqual([3, 1, null])
  })
})

describe('the map', () => {
  it('is a square of the world: the equator in its middle, Greenwich too', () => {
    expect(project(0, 0)).toEqual([500, 500])
    expect(project(-180, 90)[1]).toBeGreaterThan(0)
  })

  it('has the outlines of the countries, which are served here', async () => {
    const file = (await readAssets()).get('assets/vendor/countries.json')
    const path = outlines(JSON.parse(file?.body.toString() ?? ''))
    expect(path).toMatch(/^(M[\d., L-]+Z)+$/)
    expect(path.split('M').length).toBeGreaterThan(200)
    // No line runs from one edge of the world to the other, as one over the 180th meridian would.
    const jumps = path.split('M').flatMap((ring) => {
      const xs = ring.split('L').map((point) => Number.parseFloat(point))
      return xs.slice(1).filter((x, i) => Math.abs(x - (xs[i] ?? x)) > 300)
    })
    expect(jumps).toEqual([])
  })

  it('shows all places with room around them, and a single one with its surroundings', () => {
    const view = fit(
      [
        { x: 100, y: 100 },
        { x: 300, y: 200 },
      ],
      2,
    )
    expect(view.x).toBeLessThan(100)
    expect(view.x + view.w).toBeGreaterThan(300)
    expect(view.w / view.h).toBeCloseTo(2)
    expect(fit([{ x: 5, y: 5 }], 1).w).toBeGreaterThanOrEqual(60)
    expect(zoomed(view, 0.5).w).toBeCloseTo(view.w / 2)
  })

  it('makes a place of each row that has one, by area as large as its figure', () => {
    const layers = [
      {
        type: 'markers',
        location: { latitude: 'latitude' },
        config: { style: { size: { field: 'n', min: 0, max: 20 } } },
      },
    ]
    const panel = panelOf({ type: 'geomap', options: { layers } })
    const columns = ['latitude', 'longitude', 'n'].map((name) => ({ name, type: 'Float64' }))
    const frame = {
      ref_id: 'A',
      columns: [...columns, { name: 'city', type: 'String' }],
      rows: [
        [52.5, 13.4, 25, 'Berlin'],
        [38.7, -9.1, 100, 'Lisbon'],
        [null, null, 7, ''],
      ],
    }
    expect(placesOf(panel, frame).map(({ name, radius }) => [name, radius])).toEqual([
      ['Lisbon: 100 n', 20],
      ['Berlin: 25 n', 10],
    ])
  })
})

describe('the definitions', () => {
  it('use only kinds of panels that the page draws', async () => {
    const drawn = new Set(['timeseries', 'table', 'row', 'stat', 'geomap'])
    const panels = [...(await readDefinitions()).values()].flatMap((each) => each.panels)
    expect(panels.length).toBeGreaterThan(100)
    expect(
      panels.filter(({ type }) => !drawn.has(type)).map(({ title, type }) => `${title}: ${type}`),
    ).toEqual([])
  })
})
