import { describe, expect, it } from 'vitest'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'
import { hasWaited, waitingLayout } from '../../../../../services/scoring/state/entity/waiting.ts'

const DAY = 86_400_000
const START = Date.parse('2026-01-01T10:00:00.000Z')
const WAIT = { quiet_ms: 3 * DAY, days: 3 }
const empty = () => waitingLayout.read(allocate(waitingLayout.words), 0)

describe('what waits to be learnt', () => {
  it('has waited once it came on three days, the first of them three days ago', () => {
    const waiting = empty()
    const said = [0, 0, 1, 2, 3].map((day) => hasWaited(waiting, 7, START + day * DAY, WAIT))
    expect(said).toEqual([false, false, false, false, true])
  })

  it('comes back on too few days: it goes on waiting, and begins anew after a fortnight', () => {
    const waiting = empty()
    const said = [0, 10, 25, 26, 27, 28].map((day) => hasWaited(waiting, 7, START + day * DAY, WAIT))
    expect(said).toEqual([false, false, false, false, false, true])
  })

  it('is not hastened by a clock that runs backwards or by an event of a day before', () => {
    const waiting = empty()
    const said = [3, 0, 1, 2, 3].map((day) => hasWaited(waiting, 7, START + day * DAY, WAIT))
    expect(said).toEqual([false, false, false, false, false])
  })

  it('keeps at most four, and drops none of today for a fifth', () => {
    const waiting = empty()
    for (const day of [0, 1, 2, 3])
      for (const what of [1, 2, 3, 4, 5]) hasWaited(waiting, what, START + day * DAY, WAIT)
    const said = [1, 2, 3, 4, 5].map((what) => hasWaited(waiting, what, START + 3 * DAY + 1000, WAIT))
    expect(said).toEqual([true, true, true, true, false])
  })

  it('never lets nothing in particular wait long enough', () => {
    const waiting = empty()
    expect([0, 1, 2, 3, 4].map((day) => hasWaited(waiting, 0, START + day * DAY, WAIT))).not.toContain(true)
  })
})
