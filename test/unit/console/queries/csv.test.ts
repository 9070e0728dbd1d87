import { expect, it } from 'vitest'
import { csvOf } from '../../../../services/console/queries/csv.ts'

const one = (cell: Parameters<typeof csvOf>[0]['rows'][number][number]) =>
  csvOf({ columns: [{ name: 'x', type: 'String' }], rows: [[cell]], cut: false }).slice('x\r\n'.length, -2)

it.each([
  ['alice', 'alice'],
  ['a "b", c', '"a ""b"", c"'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
  ['+1', `'+1`],
  ['@SUM', `'@SUM`],
  [-5, '-5'],
  [null, ''],
  [true, 'true'],
  [['a', '=b'], `"a, '=b"`],
])('%j becomes %j', (cell, text) => {
  expect(one(cell)).toBe(text)
})
