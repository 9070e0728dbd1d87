import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantMs } from '../../../../services/scoring/state/instant.ts'

const FIRST = Date.UTC(1900, 0, 1)
const LAST = Date.UTC(2400, 0, 1)

test('an instant as toISOString writes it is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: FIRST, max: LAST }), (ms) => instantMs(new Date(ms).toISOString()) === ms),
    { numRuns: 5000 },
  )
})

test('every day of four centuries is the one that the calendar has', () => {
  const wrong: string[] = []
  for (let ms = Date.UTC(1970, 0, 1, 23, 59, 59, 999); ms < Date.UTC(2371, 0, 1); ms += 86_400_000) {
    const text = new Date(ms).toISOString()
    if (instantMs(text) !== ms) wrong.push(text)
  }
  expect(wrong).toEqual([])
})

test('whatever the digits say, the answer is that of Date.parse', () => {
  const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`))
  const shape = fc.tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2), digits(3))
  fc.assert(
    fc.property(shape, ([year, month, day, hour, minute, second, ms]) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`
      expect(instantMs(text)).toBe(Date.parse(text))
    }),
    { numRuns: 5000 },
  )
})

test('a character in any place gives what Date.parse gives', () => {
  const whole = '2026-03-04T05:06:07.089Z'
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.oneof(fc.string({ maxLength: 1 }), fc.constantFrom('0', '9', '-', ':', '.', 'T', 'Z', '+', ' ')),
      (at, character) => {
        const text = whole.slice(0, at) + character + whole.slice(at + 1)
        expect(instantMs(text)).toBe(Date.parse(text))
      },
    ),
    { numRuns: 2000 },
  )
})
