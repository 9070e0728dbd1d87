import { expect, it } from 'vitest'
import { instantAt } from '../../../../services/storage/decisions/instant.ts'

const LAST = Date.UTC(2105, 11, 31)

const read = (text: string): number => {
  const bytes = Buffer.from(`x${text}x`)
  return instantAt(bytes, 1, text.length)
}

it('reads every day that the calendar has as Date does, and no other', () => {
  const wrong: string[] = []
  const two = (n: number) => String(n).padStart(2, '0')
  for (let year = 1968; year < 2108; year++)
    for (let month = 0; month < 14; month++)
      for (let day = 0; day < 33; day++) {
        const text = `${year}-${two(month)}-${two(day)}T23:58:59.999Z`
        const date = new Date(text)
        const real = !Number.isNaN(date.getTime()) && date.toISOString() === text
        const stored = real && date.getTime() >= 0 && date.getTime() <= LAST
        const found = read(text)
        if (found !== (stored ? date.getTime() : -1)) wrong.push(`${text} was read as ${found}`)
      }
  expect(wrong).toEqual([])
})

it.each([
  '2026-01-31T24:00:00.000Z',
  '2026-01-31T09:60:00.000Z',
  '2026-01-31T09:30:60.000Z',
  '2026-01-31T09:30:00.00aZ',
  '2026-01-31 09:30:00.000Z',
  '2026-01-31T09:30:00.000+',
  '2026-01-31T09:30:00Z',
  '',
])('%j is no instant', (text) => {
  expect(read(text)).toBe(-1)
})
