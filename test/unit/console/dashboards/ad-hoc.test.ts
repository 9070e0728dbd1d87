import { describe, expect, it } from 'vitest'
import { AdHocFilters, expandAdHoc, filteredTables } from '../../../../services/console/dashboards/ad-hoc.ts'
import { readFilter, writeFilter } from '../../../../services/console/page/dashboards/ad-hoc.js'

const SQL = `SELECT 1 FROM decisions SETTINGS $__adHocFilters('decisions')`
const filter = (key: string, operator: string, value: string) => ({ key, operator, value })

describe('ad-hoc filters', () => {
  it('become the setting that Grafana’s data source makes of them', () => {
    const filters = [filter('resource_app', '=', 'payroll'), filter('outcome', '!~', '^perm')]
    expect(expandAdHoc(SQL, filters)).toBe(
      `SELECT 1 FROM decisions SETTINGS additional_table_filters={'decisions' : 'resource_app = \\'payroll\\' AND outcome NOT REGEXP \\'^perm\\''}`,
    )
    expect(expandAdHoc(SQL, [])).toBe('SELECT 1 FROM decisions SETTINGS additional_table_filters={}')
    expect(filteredTables(SQL)).toEqual(['decisions'])
  })

  it('a value can close neither of the literals that it stands in', () => {
    expect(expandAdHoc(SQL, [filter('app', '=', `it's \\`)])).toContain(`'app = \\'it\\\\\\'s \\\\\\\\\\''`)
  })

  it.each(['a|=', '|=|x', 'a|OR|x', 'a b|=|x', `a'|=|x`, 'a|=|x|y', ''])('%j is none', (text) => {
    expect(AdHocFilters.safeParse([text]).success).toBe(false)
  })

  it('are read as they are written, whatever a value holds', () => {
    for (const value of ['a|b', 'a,b', '#1', `it's "🙂"`, '']) {
      const one = filter('resource_id', '=', value)
      expect(readFilter(writeFilter(one))).toEqual(one)
      expect(AdHocFilters.parse([writeFilter(one)])).toEqual([one])
    }
  })

  it('are ten at most', () => {
    expect(AdHocFilters.safeParse(Array.from({ length: 11 }, () => 'a|=|x')).success).toBe(false)
  })
})
