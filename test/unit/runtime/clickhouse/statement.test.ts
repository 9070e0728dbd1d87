import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineException } from '../../../../services/runtime/clickhouse/engine/exception.ts'
import { readStatement } from '../../../../services/runtime/clickhouse/engine/statement.ts'

describe('what a statement is', () => {
  it.each([
    ['SELECT 1', 'select', null],
    ['  -- a comment\n /* another */ select 1 Format JSON', 'select', 'JSON'],
    ["SELECT 'FORMAT CSV'", 'select', null],
    ['SELECT format FROM t', 'select', null],
    ['SELECT format x, 1 FORMAT CSV SETTINGS a = 1', 'select', 'CSV'],
    ['INSERT INTO t SELECT format x FROM u', 'insert', null],
    ['(SELECT 1) UNION ALL (SELECT 2)', 'select', null],
    ['WITH x AS (SELECT 1) SELECT * FROM x;', 'select', null],
    ['EXPLAIN SELECT 1', 'select', null],
    ['INSERT INTO t SELECT 1', 'insert', null],
    ['DROP TABLE t', 'other', null],
    ['SET readonly = 0', 'other', null],
  ])('%s', (sql, kind, format) => {
    expect(readStatement(sql)).toEqual({ kind, format, dataAt: null, formatAt: null })
  })

  it.each([
    ['INSERT INTO t FORMAT JSONEachRow\n{"a;b":1}', 'JSONEachRow', '\n{"a;b":1}'],
    ['insert into t (a, `values`) values (1), (2);', 'Values', ' (1), (2);'],
    ["INSERT INTO t SETTINGS a = 'FORMAT x' FORMAT CSV 1,2", 'CSV', ' 1,2'],
  ])('finds the data of %s', (sql, format, data) => {
    const statement = readStatement(sql)
    expect(statement).toMatchObject({ kind: 'insert', format })
    expect(sql.slice(statement.dataAt ?? 0)).toBe(data)
  })
})

describe('what is refused', () => {
  it.each([
    ['SELECT 1; DROP TABLE t', 62],
    ['SELECT 1;;', 62],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 358],
    ["SELECT 1 INTO /* x */ OUTFILE '/tmp/x'", 358],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString", 497],
    ["SELECT file('/etc/passwd')", 497],
    ["BACKUP TABLE t TO File('b') SETTINGS base_backup = File('a')", 497],
    ["RESTORE TABLE t FROM Memory('b') SETTINGS a = file('/etc/passwd')", 497],
    ["SELECT 1 AS BACKUP, x FROM File('/etc/passwd')", 497],
    ['SELECT "FILE" (\'/etc/passwd\')', 497],
    ["SELECT $a$ $b$ $a$, file --\n ('x')", 497],
  ])('%s', (sql, code) => {
    expect(() => readStatement(sql)).toThrow(expect.objectContaining({ code }))
  })

  it.each([
    ["SELECT 'file('"],
    ['SELECT profile(1)'],
    ['SELECT file FROM t'],
    ["SELECT 1 -- ; file('x')"],
    ['SELECT 1;  '],
  ])('but not %s', (sql) => {
    expect(readStatement(sql).kind).toBe('select')
  })

  it.each([
    ["BACKUP DATABASE d TO File('/data/backups/b') ASYNC"],
    ["RESTORE DATABASE d FROM File('/data/backups/b')"],
  ])('but not the place of %s, which the engine itself confines', (sql) => {
    expect(readStatement(sql).kind).toBe('other')
  })
})

it('no text between quotes changes what a statement is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const quoted = text.replace(/[\\']/g, (mark) => `\\${mark}`)
      expect(readStatement(`SELECT '${quoted}', x FORMAT CSV`)).toEqual({
        kind: 'select',
        format: 'CSV',
        dataAt: null,
        formatAt: null,
      })
    }),
  )
})

it('ends on any text at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(codeOrNull(text)).toBeOneOf([null, 62, 358, 497])
    }),
  )
})

function codeOrNull(text: string): number | null {
  try {
    readStatement(text)
    return null
  } catch (error) {
    return error instanceof EngineException ? error.code : -1
  }
}
