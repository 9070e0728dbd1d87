import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Calibration } from '../../../../schemas/calibration.ts'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { Calibrator } from '../../../../services/scoring/calibration/calibrator.ts'
import { OwnFindings } from '../../../../services/scoring/calibration/own-findings.ts'
import {
  corrected,
  LEAST_CORRECTION_NATS,
  MOST_CORRECTION_NATS,
  type DayFound,
} from '../../../../services/scoring/calibration/threshold-correction.ts'
import { finding } from '../../../support/scoring/findings.ts'

const DAY = 86_400_000
const START = Date.parse('2026-01-05T00:00:00.000Z')

const days = fc.array(
  fc.record({
    found: fc.nat({ max: 500 }),
    allowed: fc.double({ min: 0, max: 100, noNaN: true }),
    room_nats: fc.double({ min: 0, max: 10, noNaN: true }),
  }),
  { maxLength: 60 },
)
const after = (history: readonly DayFound[], from = 0) =>
  history.reduce((nats, day) => corrected(nats, day), from)

describe('the correction of a threshold', () => {
  it('gives the documented figure', () => {
    expect(corrected(0, { found: 18, allowed: 9, room_nats: 4 })).toBeCloseTo(0.2)
  })

  it('stays within its bounds, moves by 0.4 a day at most, and not down where the threshold is the least', () => {
    fc.assert(
      fc.property(days, (history) => {
        let before = 0
        for (const day of history) {
          const nats = corrected(before, day)
          expect(nats).toBeGreaterThanOrEqual(Math.max(LEAST_CORRECTION_NATS, -day.room_nats) - 1e-12)
          expect(nats).toBeLessThanOrEqual(MOST_CORRECTION_NATS)
          expect(nats - before).toBeLessThanOrEqual(Math.max(0.4, -day.room_nats - before) + 1e-9)
          expect(before - nats).toBeLessThanOrEqual(0.2 + 1e-9)
          before = nats
        }
      }),
    )
  })

  it('never falls because more was found, on whichever day', () => {
    fc.assert(
      fc.property(days, fc.array(fc.nat({ max: 50 }), { maxLength: 60 }), (history, more) => {
        const louder = history.map((day, index) => ({ ...day, found: day.found + (more[index] ?? 0) }))
        expect(after(louder)).toBeGreaterThanOrEqual(after(history) - 1e-9)
      }),
    )
  })

  it('does not wind up: twenty days of one kind leave nothing of what was before', () => {
    fc.assert(
      fc.property(days, fc.constantFrom(0, 30), (history, found) => {
        const alike = Array.from({ length: 20 }, () => ({ found, allowed: 10, room_nats: 5 }))
        expect(after(alike, after(history))).toBeCloseTo(
          found === 0 ? LEAST_CORRECTION_NATS : MOST_CORRECTION_NATS,
        )
      }),
    )
  })

  it('hears nothing of findings that were confirmed to be attacks, whenever that is said', () => {
    const story = fc.array(fc.array(fc.boolean(), { maxLength: 8 }), { minLength: 1, maxLength: 14 })
    fc.assert(
      fc.property(story, fc.boolean(), (attacks, late) => {
        const play = (only: (attack: boolean) => boolean) => {
          const own = new OwnFindings()
          const confirm = (ids: readonly string[]) => own.confirmed(ids)
          const confirmed: string[] = []
          attacks.forEach((ofDay, day) => {
            ofDay.forEach((attack, index) => {
              if (!only(attack)) return
              const id = `f-${day}-${index}`
              own.observe(finding({ at_ms: START + day * DAY + index, id }))
              if (attack) confirmed.push(id)
            })
            if (!late) confirm(confirmed)
            own.ends(START / DAY + day, { allowed: 3, room_nats: 2 })
          })
          confirm(confirmed)
          return own.correctionNats
        }
        expect(play(() => true)).toBeCloseTo(
          play((attack) => !attack),
          9,
        )
      }),
    )
  })
})

/** Forty entities a day with more or less evidence; each one over the threshold is so many findings. */
function* weeks(
  calibrator: Calibrator,
  { from, length, each, loudest }: { from: number; length: number; each: number; loudest: number },
): Generator<number> {
  const random = seededNumbers(7 + from)
  let made: Calibration | undefined
  for (let day = from; day < from + length; day++) {
    let found = 0
    for (let index = 0; index < 400; index++) {
      const at_ms = START + day * DAY + index * 200_000
      const nats = index < 40 ? Math.min(loudest, 5 - 2 * Math.log(random())) : 0
      made =
        calibrator.observe({
          id: `d-${day}-${index}`,
          at_ms,
          entity: `user:${index % 40}`,
          segment: 'person/medium',
          scores: nats === 0 ? {} : { joint: nats },
        }) ?? made
      if (nats < (made?.threshold_nats ?? Infinity)) continue
      for (let times = 0; times < each; times++, found++)
        calibrator.heard(
          finding({ at_ms, id: `f-${day}-${index}-${times}`, detector: { id: 'rare', version: 1 } }),
        )
    }
    yield found
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('a threshold that real findings run above', () => {
  const detectors = [{ id: 'rare', version: 1, thresholds: { medium: 2, high: 4 } }]

  it('follows them to the budget within weeks, and a quiet week after that stays quiet', () => {
    const budget = 4
    const calibrator = new Calibrator({ subject: detectors, source: [] }, budget)
    const found = [...weeks(calibrator, { from: 0, length: 60, each: 3, loudest: 30 })]
    // Scores alone would allow four entities a day, and so twelve findings.
    expect(mean(found.slice(3, 7))).toBeGreaterThan(1.5 * budget)
    expect(mean(found.slice(-20))).toBeLessThan(1.4 * budget)
    expect(mean(found.slice(-20))).toBeGreaterThan(0.6 * budget)
    expect([...weeks(calibrator, { from: 60, length: 7, each: 1, loudest: 5.9 })]).toEqual(Array(7).fill(0))
  })

  it('goes on after being stored as if it had not been', () => {
    const whole = new Calibrator({ subject: detectors, source: [] }, 4)
    const all = [...weeks(whole, { from: 0, length: 30, each: 3, loudest: 30 })]
    const first = new Calibrator({ subject: detectors, source: [] }, 4)
    const before = [...weeks(first, { from: 0, length: 30, each: 3, loudest: 30 })]
    const second = new Calibrator({ subject: detectors, source: [] }, 4)
    second.restore(JSON.parse(JSON.stringify(first.stored())))
    expect(before).toEqual(all)
    const rest = { from: 30, length: 5, each: 1, loudest: 30 }
    expect([...weeks(second, rest)]).toEqual([...weeks(whole, rest)])
  })
})
