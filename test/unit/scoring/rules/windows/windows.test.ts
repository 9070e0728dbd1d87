import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countWindow } from '../../../../../services/scoring/rules/windows/count.ts'
import { insert, trim, trimPart, type Event } from '../../../../../services/scoring/rules/windows/events.ts'
import { orderedWindow, temporalWindow } from '../../../../../services/scoring/rules/windows/temporal.ts'

/** Events in the order in which they come: time, rule. */
function arriving(rows: readonly (readonly [atMs: number, part?: number])[]) {
  const events: Event[] = []
  const places: number[] = []
  for (const [index, [at_ms, part = 0]] of rows.entries())
    places.push(insert(events, { at_ms, part, id: `d${index}` }))
  return { events, place: places.at(-1) ?? 0 }
}

describe('a window that counts', () => {
  it('is full by its example: times 0, 40, 50 s, need 3, span 60 s, and not with span 49 s', () => {
    const { events, place } = arriving([[0], [40], [50]])
    expect(countWindow(events, place, 3, 60)).toEqual({
      observed: 3,
      first_ms: 0,
      last_ms: 50,
      ids: ['d0', 'd1', 'd2'],
    })
    expect(countWindow(events, place, 3, 49)).toBeUndefined()
  })

  it('slides, holds both its ends, and is completed by one that comes late', () => {
    const { events, place } = arriving([[0], [100], [160], [130]])
    expect(countWindow(events, place, 3, 60)?.ids).toEqual(['d1', 'd3', 'd2'])
    expect(countWindow(events, place, 4, 60)).toBeUndefined()
  })

  it('is full when some window that holds the event is, by trying every one', () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 20 }),
        (rows, need, span) => {
          const { events, place } = arriving(rows.map((at) => [at]))
          const at = events[place]?.at_ms ?? 0
          const some = Array.from({ length: 61 }, (_, start) => start - 20).some(
            (start) =>
              start <= at &&
              at <= start + span &&
              events.filter(({ at_ms }) => at_ms >= start && at_ms <= start + span).length >= need,
          )
          expect(countWindow(events, place, need, span) !== undefined).toBe(some)
        },
      ),
    )
  })
})

describe('a window of several rules', () => {
  it('holds one of each, in whatever order', () => {
    const { events, place } = arriving([
      [0, 1],
      [10, 1],
      [50, 0],
    ])
    expect(temporalWindow(events, place, 2, 60)).toMatchObject({ observed: 2, first_ms: 10 })
    expect(temporalWindow(events, place, 2, 30)).toBeUndefined()
    expect(temporalWindow(events, place, 3, 60)).toBeUndefined()
  })

  it('in order comes about by its example: B at 1 s, A at 2 s, B at 3 s', () => {
    const first = arriving([
      [1, 1],
      [2, 0],
    ])
    expect(orderedWindow(first.events, first.place, 2, 60)).toBeUndefined()
    const { events, place } = arriving([
      [1, 1],
      [2, 0],
      [3, 1],
    ])
    expect(orderedWindow(events, place, 2, 60)).toMatchObject({ first_ms: 2, last_ms: 3, ids: ['d1', 'd2'] })
  })

  it('in order is closed by the first rule when that comes late, and never by what is long over', () => {
    const late = arriving([
      [5, 1],
      [3, 0],
    ])
    expect(orderedWindow(late.events, late.place, 2, 60)).toMatchObject({ first_ms: 3, last_ms: 5 })
    const { events, place } = arriving([
      [1, 0],
      [5, 1],
      [100, 1],
    ])
    expect(orderedWindow(events, place, 2, 60)).toBeUndefined()
  })

  it('in order needs different decisions', () => {
    const events: Event[] = []
    insert(events, { at_ms: 1, part: 0, id: 'same' })
    const place = insert(events, { at_ms: 1, part: 1, id: 'same' })
    expect(orderedWindow(events, place, 2, 60)).toBeUndefined()
  })

  it('in order comes about when some way through the event does, by trying every one', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 2 }))
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 0, max: 25 }),
        (rows, span) => {
          const { events, place } = arriving(rows)
          const of = (part: number) => events.flatMap((event, index) => (event.part === part ? [index] : []))
          const some = of(0).some((a) =>
            of(1).some((b) =>
              of(2).some(
                (c) =>
                  a < b &&
                  b < c &&
                  [a, b, c].includes(place) &&
                  (events[c]?.at_ms ?? 0) - (events[a]?.at_ms ?? 0) <= span,
              ),
            ),
          )
          expect(orderedWindow(events, place, 3, span) !== undefined).toBe(some)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('events that are kept', () => {
  it('go when they are old or too many, one rule pushing out its own only', () => {
    const { events } = arriving([[1], [2], [3], [4, 1], [5]])
    expect(trimPart(events, 0, 3)).toBe(1)
    expect(events.map(({ at_ms }) => at_ms)).toEqual([2, 3, 4, 5])
    expect(trim(events, 3, 10)).toBe(0)
    expect(trim(events, 3, 2)).toBe(1)
    expect(events.map(({ at_ms }) => at_ms)).toEqual([4, 5])
  })

  it('are named as long as they are among the newest twenty', () => {
    const { events } = arriving(Array.from({ length: 25 }, (_, at) => [at]))
    expect(events.map(({ id }) => id).filter((id) => id !== '')).toHaveLength(20)
  })
})
