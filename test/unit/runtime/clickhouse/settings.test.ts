import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { preparation, settingsOf } from '../../../../services/runtime/clickhouse/engine/settings.ts'
import { quoted } from '../../../../services/runtime/clickhouse/quoted.ts'

const limits = {
  max_execution_time: 30,
  max_result_rows: 100,
  max_result_bytes: 1000,
  max_memory_usage: 5000,
  max_threads: 2,
}

function prepared(query: string, readonly = true): string {
  const { settings, params } = settingsOf(new URLSearchParams(query))
  return preparation({ database: 'd`b', settings, params, limits, queryId: 'q', readonly })
}

describe('preparation of a connection', () => {
  it('sets the database, parameters and settings, and readonly last', () => {
    const text = prepared("query=SELECT&param_a=it's&join_use_nulls=1&default_format=CSV")
    expect(text).toBe(
      "USE `d\\`b`; SET param_a = 'it\\'s', max_execution_time = '30', max_result_rows = '100', " +
        "max_result_bytes = '1000', max_memory_usage = '5000', max_threads = '2', " +
        "max_threads_min_free_memory_per_thread = '67108864', join_use_nulls = '1', " +
        "log_comment = 'q'; SET readonly = 1",
    )
  })

  it('leaves what writes as it is', () => {
    expect(prepared('query=SELECT', false)).not.toMatch(/min_free_memory_per_thread|readonly/)
  })

  it.each([
    ['max_execution_time=5', "max_execution_time = '5'"],
    ['max_execution_time=0', "max_execution_time = '30'"],
    ['max_execution_time=999', "max_execution_time = '30'"],
  ])('of %s makes %s: limits are tightened, never loosened', (query, expected) => {
    expect(prepared(query)).toContain(expected)
  })

  it.each([['readonly=0'], ['readonly=2'], ['log_comment=x']])('does not take %s', (query) => {
    const text = prepared(query)
    expect(text).toMatch(/; SET readonly = 1$/)
    expect(text).toContain("log_comment = 'q'")
  })

  it.each([
    ['result_overflow_mode=break', 452],
    ['max_threads=-1', 36],
    ['max_threads=x', 36],
    ['a b=1', 115],
    ["a'=1", 115],
    ['param_=1', 115],
    ['param_a%3B=1', 115],
  ])('refuses %s', (query, code) => {
    const wrong = query === 'param_=1' ? 'param_-=1' : query
    expect(() => prepared(wrong)).toThrow(expect.objectContaining({ code }))
  })
})

it('no value ends its literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(quoted(text)).toMatch(/^'(?:[^'\\]|\\[\s\S])*'$/)
    }),
  )
})
