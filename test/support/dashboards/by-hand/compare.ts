import { expect } from 'vitest'
import type { Between } from './of-gateways.ts'
import type { Row } from './tally.ts'

/** Both say the same, whatever the order: of each row the columns that were counted by hand. */
export function expectSame(name: string, is: readonly Row[], byHand: readonly Row[]): void {
  const columns = Object.keys(byHand[0] ?? {})
  const estimated = columns.filter((column) => byHand.some((row) => isBetween(row[column])))
  const exact = columns.filter((column) => !estimated.includes(column))
  const plain = (rows: readonly Row[]) =>
    rows
      .map((row) => ({
        row,
        cells: Object.fromEntries(exact.map((column) => [column, plainOf(row[column])])),
      }))
      .sort((a, b) => (JSON.stringify(a.cells) < JSON.stringify(b.cells) ? -1 : 1))
  const [theirs, ours] = [plain(is), plain(byHand)]
  expect({ name, rows: theirs.map(({ cells }) => cells) }).toEqual({
    name,
    rows: ours.map(({ cells }) => cells),
  })
  for (const [index, { row }] of ours.entries())
    for (const column of estimated) {
      const [value, bounds] = [Number(theirs[index]?.row[column]), row[column]]
      const isIn = isBetween(bounds) && value >= bounds.least && value <= bounds.most
      expect({ name, column, value, bounds: isIn ? 'within' : bounds }).toMatchObject({ bounds: 'within' })
    }
}

function isBetween(value: unknown): value is Between {
  return typeof value === 'object' && value !== null && 'least' in value && 'most' in value
}

/** Instants as milliseconds, numbers as such however they are written, to nine digits. */
function plainOf(value: unknown): string | number | null {
  if (value === undefined || value === null) return null
  if (value instanceof Date) return value.getTime()
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text)) return Date.parse(`${text.replace(' ', 'T')}Z`)
  return /^-?\d+(\.\d+)?(e-?\d+)?$/.test(text) ? Number(Number(text).toPrecision(9)) : text
}
