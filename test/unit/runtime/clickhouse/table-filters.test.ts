import { describe, expect, it } from 'vitest'
import { withFiltersAhead } from '../../../../services/runtime/clickhouse/engine/table-filters.ts'

const request = (sql: string) => ({ text: Buffer.from(sql), settings: new Map([['max_threads', '1']]) })

describe('ad-hoc filters of a query', () => {
  it.each([
    [`SELECT 1 SETTINGS additional_table_filters={}`, '{}', 'SELECT 1'],
    [
      `SELECT 1\nSETTINGS additional_table_filters={'t': ' a = \\'x\\' '}`,
      `{'t': ' a = \\'x\\' '}`,
      'SELECT 1',
    ],
    [
      `SELECT 'ü' settings additional_table_filters = { 'a' : 'b', 'c':'d' }\nFORMAT JSON`,
      `{ 'a' : 'b', 'c':'d' }`,
      `SELECT 'ü'\nFORMAT JSON`,
    ],
  ])('go ahead of it: %s', (sql, filters, left) => {
    const { text, settings } = withFiltersAhead(request(sql))
    expect(text.toString()).toBe(left)
    expect([...settings]).toEqual([
      ['max_threads', '1'],
      ['additional_table_filters', filters],
    ])
  })

  it.each([
    'SELECT 1',
    `SELECT 1 SETTINGS additional_table_filters={}, readonly=0`,
    `SELECT 1 SETTINGS max_threads=1, additional_table_filters={}`,
    `SELECT 1 SETTINGS additional_table_filters={'t': concat('a', 'b')}`,
    `SELECT 1 SETTINGS additional_table_filters={'t': 'x'} UNION ALL SELECT 2`,
    `SELECT * FROM (SELECT 1 SETTINGS additional_table_filters={'t': 'x'})`,
    `SELECT 1 SETTINGS additional_table_filters={'t': 'x\\'}`,
  ])('stay where they are written in another way, for the engine to refuse: %s', (sql) => {
    const asked = request(sql)
    expect(withFiltersAhead(asked)).toBe(asked)
  })

  it('are looked for in time that grows with the statement alone', () => {
    const asked = request(`SELECT 1 SETTINGS additional_table_filters={'a':'b'${' '.repeat(1_000_000)}x`)
    expect(withFiltersAhead(asked)).toBe(asked)
  })
})
