import { describe, expect, it } from 'vitest'
import { intervalOf } from '../../../../services/console/dashboards/interval.ts'
import { aligned, linesOf, type Rows } from '../../../../services/console/dashboards/series.ts'

const time = { name: 'time', type: `DateTime('UTC')` }
const count = { name: 'decisions', type: 'UInt64' }
const seriesOf = (rows: Rows) => aligned(linesOf(rows, 'A'))
const second = (text: string) => Date.parse(text) / 1000

describe('lines of rows', () => {
  it('makes a line of each number, named by its column', () => {
    const set = seriesOf({
      columns: [time, { name: 'p50', type: 'Float64' }, { name: 'p99', type: 'Nullable(Float64)' }],
      rows: [
        ['2026-03-01T10:00:00Z', 1, 9],
        ['2026-03-01T10:01:00Z', 2, null],
      ],
    })
    expect(set.times).toEqual([second('2026-03-01T10:00:00Z'), second('2026-03-01T10:01:00Z')])
    expect(set.series).toEqual([
      { name: 'p99', ref_id: 'A', values: [9, null] },
      { name: 'p50', ref_id: 'A', values: [1, 2] },
    ])
  })

  it('makes a line of each text, with gaps where it has no point', () => {
    const set = seriesOf({
      columns: [time, { name: 'outcome', type: 'LowCardinality(String)' }, count],
      rows: [
        ['2026-03-01T10:00:00Z', 'permit', 5],
        ['2026-03-01T10:01:00Z', 'deny', 1],
      ],
    })
    expect(set.series).toEqual([
      { name: 'permit', ref_id: 'A', values: [5, null] },
      { name: 'deny', ref_id: 'A', values: [null, 1] },
    ])
  })

  it('keeps the forty highest lines and counts the rest', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ['2026-03-01T10:00:00Z', `app-${i}`, i])
    const set = seriesOf({ columns: [time, { name: 'app', type: 'String' }, count], rows })
    expect(set.series).toHaveLength(40)
    expect(set.series[0]?.name).toBe('app-99')
    expect(set.left_out).toBe(60)
  })

  it('puts lines of several queries on one axis, query by query', () => {
    const risk = linesOf(
      { columns: [time, { name: 'risk', type: 'Float64' }], rows: [['2026-03-01T10:00:30Z', 90]] },
      'B',
    )
    const set = aligned([
      ...linesOf({ columns: [time, count], rows: [['2026-03-01T10:00:00Z', 5]] }, 'A'),
      ...risk,
    ])
    expect(set.series).toEqual([
      { name: 'decisions', ref_id: 'A', values: [5, null] },
      { name: 'risk', ref_id: 'B', values: [null, 90] },
    ])
  })

  it('makes nothing of no rows', () => {
    expect(seriesOf({ columns: [time, count], rows: [] })).toEqual({ times: [], series: [], left_out: 0 })
  })
})

describe('intervalOf', () => {
  it.each([
    [3_600_000, 120, 30],
    [86_400_000, 100, 900],
    [90 * 86_400_000, 100, 86_400],
    [1000, 100, 1],
  ])('%i ms in %i points are steps of %i s', (span, points, step) => {
    expect(intervalOf(span, points)).toBe(step)
  })
})
