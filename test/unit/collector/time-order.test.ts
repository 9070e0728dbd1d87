import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeOrder } from '../../../services/collector/time-order.ts'

function through(times: readonly number[], capacity: number): [at: number, nth: number][] {
  const order = timeOrder<[number, number]>(capacity)
  const out: [number, number][] = []
  for (const [nth, at] of times.entries()) {
    const next = order.push(at, [at, nth])
    if (next !== undefined) out.push(next)
  }
  return [...out, ...order.drain()]
}

describe('order of time', () => {
  it('sorts what fits into the window, and equal times keep their order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
        const expected = times
          .map((at, nth): [number, number] => [at, nth])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(through(times, 60)).toEqual(expected)
      }),
    )
  })

  it('loses nothing and adds nothing, whatever the window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), fc.nat(10), (times, capacity) => {
        const nths = through(times, capacity).map(([, nth]) => nth)
        expect(nths.sort((a, b) => a - b)).toEqual(times.map((_, nth) => nth))
      }),
    )
  })

  it('lets a value move as far as the window is wide', () => {
    expect(through([2, 3, 4, 1, 5], 3).map(([at]) => at)).toEqual([1, 2, 3, 4, 5])
    expect(through([2, 3, 4, 1, 5], 2).map(([at]) => at)).toEqual([2, 1, 3, 4, 5])
  })

  it('passes everything at once when it is off', () => {
    expect(through([3, 1, 2], 0).map(([at]) => at)).toEqual([3, 1, 2])
  })
})
