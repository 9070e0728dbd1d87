import { describe, expect, it } from 'vitest'
import { Drawn } from '../../../../services/scoring/calibration/drawn.ts'

const DAY = 86_400_000
/** A Monday. */
const START = Date.parse('2026-01-05T00:00:00.000Z')

/** Decisions drawn on a day, of a thousand people: four thousand on weekdays, two hundred at weekends. */
function drawnOn(drawn: Drawn, day: number): number {
  const count = day % 7 < 5 ? 4000 : 200
  let taken = 0
  for (let index = 0; index < count; index++) {
    const atMs = START + day * DAY + Math.floor((index * DAY) / count)
    if (drawn.takes(`d-${day}-${index}`, `person-${index % 1000}`, atMs)) taken += 1
  }
  return taken
}

describe('what is drawn of decisions', () => {
  it('is as large a share of a Monday as of other days, also after being stored on the Sunday', () => {
    const drawn = new Drawn()
    const week = Array.from({ length: 7 }, (_, day) => drawnOn(drawn, day))
    expect(week[5]).toBeLessThan(60)
    const again = new Drawn()
    const sunday = Math.floor((START + 7 * DAY) / 3_600_000) - 1
    again.restore(JSON.parse(JSON.stringify(drawn.stored())), sunday)
    const monday = drawnOn(drawn, 7)
    expect(monday).toBeGreaterThan(400)
    expect(monday).toBeLessThan(600)
    expect(drawnOn(again, 7)).toBe(monday)
  })

  it('holds an entity once an hour, whatever it does, and who comes late among those of the hour in hand', () => {
    const drawn = new Drawn()
    let taken = 0
    for (let index = 0; index < 2000; index++)
      if (drawn.takes(`d-${index}`, 'loud', START + (index % 2) * 3_600_000)) taken += 1
    // The first decision of the hour before, at most.
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThanOrEqual(2)
  })
})
