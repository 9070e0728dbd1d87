import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slots } from '../../../../../services/scoring/state/form/slots.ts'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'

const DAY = 86_400_000
const AT = Date.parse('2026-01-01T00:00:00.000Z')

describe('slots', () => {
  const make = (capacity: number) => slots(capacity).read(allocate(capacity * 3), 0)

  it('decay a weight by half in a half-life, and not for a late event', () => {
    const values = make(2)
    values.add(5, AT, DAY)
    expect(values.weight(values.find(5), AT + DAY, DAY)).toBeCloseTo(0.5, 6)
    expect(values.weight(values.find(5), AT - DAY, DAY)).toBe(1)
  })

  it('full, forget the lightest value', () => {
    const values = make(3)
    for (const [key, times] of [
      [1, 3],
      [2, 1],
      [3, 2],
    ] as const) {
      for (let time = 0; time < times; time++) values.add(key, AT, DAY)
    }
    values.add(4, AT, DAY)
    expect([1, 2, 3, 4].map((key) => values.find(key) !== -1)).toEqual([true, false, true, true])
  })

  it('never hold more than their capacity, nor the value 0', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (keys) => {
        const values = make(4)
        for (const key of keys) values.add(key, AT, DAY)
        expect(values.usedSince(0)).toBeLessThanOrEqual(4)
        expect(values.find(0)).toBe(-1)
      }),
    )
  })
})
