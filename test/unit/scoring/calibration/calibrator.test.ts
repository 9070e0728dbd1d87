import { describe, expect, it } from 'vitest'
import { Calibration } from '../../../../schemas/calibration.ts'
import { finding } from '../../../support/scoring/findings.ts'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { Calibrator, type Observation } from '../../../../services/scoring/calibration/calibrator.ts'
import { Readings } from '../../../../services/scoring/calibration/reading.ts'
import {
  runningEvidence,
  type RunningEvidence,
} from '../../../../services/scoring/state/entity/running-evidence.ts'
import { allocate } from '../../../../services/scoring/state/form/words.ts'
import { DayExtremes } from '../../../../services/scoring/calibration/day-extremes.ts'
import { segmentOf } from '../../../../schemas/calibration-segment.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-01-05T00:00:00.000Z')
const DETECTORS = [
  { id: 'rare', version: 1, thresholds: { medium: 2, high: 4 } },
  { id: 'loud', version: 1, thresholds: { medium: 2, high: 4 } },
]
const STAGES = { subject: DETECTORS, source: [] }

/** Twenty people, as a rule a hundred decisions an hour; one detector's declared threshold would find dozens a day. */
function* quiet(days: number, seed = 1, perHour = 100): Generator<Observation> {
  const random = seededNumbers(seed)
  for (let hour = 0; hour < days * 24; hour++) {
    for (let index = 0; index < perHour; index++) {
      yield {
        id: `d-${seed}-${hour}-${index}`,
        at_ms: START + hour * HOUR + (index * HOUR) / perHour,
        entity: `person-${Math.floor(random() * 20)}`,
        segment: 'person/medium',
        scores: { rare: random() < 0.98 ? 0 : -Math.log(random()), loud: -2 * Math.log(random()) },
      }
    }
  }
}

/** Adds evidence up as the worker does, with the newest calibration; hears of news that reaches the threshold. */
function last(
  calibrator: Calibrator,
  observations: Iterable<Observation>,
  { made, found = () => {} }: { made?: Calibration | undefined; found?: (each: Observation) => void } = {},
): Calibration | undefined {
  const form = runningEvidence(DETECTORS.length)
  const evidence = new Map<string, RunningEvidence>()
  let readings = new Readings(DETECTORS, made)
  for (const each of observations) {
    const own = evidence.get(each.entity) ?? form.read(allocate(form.words), 0)
    evidence.set(each.entity, own)
    const read = readings.of(each.segment)
    const nats = DETECTORS.map(({ id }, index) => read[index]?.evidenceOf(each.scores[id] ?? 0) ?? 0)
    const news = own.take(nats, 1, each.at_ms)
    if (readings.joint !== undefined && news >= readings.joint.medium) {
      own.tell()
      found(each)
    }
    const next = calibrator.observe(
      readings.version === 0 ? each : { ...each, scores: { ...each.scores, joint: news } },
    )
    if (next === undefined) continue
    made = next
    readings = new Readings(DETECTORS, next)
  }
  return made
}

describe('a calibrator', () => {
  it('keeps quiet days that follow to the budget, within its 99 % Poisson interval, all detectors together', () => {
    const budget = 3
    const calibrator = new Calibrator(STAGES, budget)
    const made = last(calibrator, quiet(10))
    const found = new Set<string>()
    const later = [...quiet(10, 2)].map((each) => ({ ...each, at_ms: each.at_ms + 10 * 24 * HOUR }))
    last(calibrator, later, {
      made,
      found: ({ at_ms, entity }) => void found.add(`${Math.floor(at_ms / (24 * HOUR))} ${entity}`),
    })
    // Poisson with mean 30: 99 % lie below 46. A ceiling; but it is used.
    expect(found.size).toBeLessThan(46)
    expect(found.size).toBeGreaterThan(5)
  })

  it('never goes below what a detector declares, and eight nats together: a budget is a ceiling, not a quota', () => {
    const calibration = last(new Calibrator(STAGES, 1000), quiet(6))
    expect(calibration?.tables.map(({ medium, high }) => [medium >= 2, high >= 4])).toEqual([
      [true, true],
      [true, true],
    ])
    expect(calibration?.threshold_nats).toBe(8)
  })

  it('gives what the contract allows, with rising knots', () => {
    const calibration = last(new Calibrator(STAGES, 5), quiet(4))
    expect(Calibration.parse(calibration)).toEqual(calibration)
    for (const { knots } of calibration?.tables ?? []) {
      expect(knots.length).toBeGreaterThan(3)
      knots.reduce((before, knot) => {
        expect(knot.score).toBeGreaterThan(before)
        return knot.score
      }, 0)
    }
  })

  it('goes on after being stored as if it had not been', () => {
    const all = [...quiet(6, 1, 200)]
    const whole = new Calibrator(STAGES, 5)
    const first = new Calibrator(STAGES, 5)
    const half = all.length / 2
    last(first, all.slice(0, half))
    const second = new Calibrator(STAGES, 5)
    second.restore(JSON.parse(JSON.stringify(first.stored())))
    const [one, other] = [last(whole, all), last(second, all.slice(half))]
    expect(other?.version).toBe(one?.version)
    // Evidence is counted in eighths of a nat.
    expect(Math.abs((other?.threshold_nats ?? NaN) - (one?.threshold_nats ?? NaN))).toBeLessThan(0.2)
    expect(other?.tables.map(({ detector, segment }) => [detector, segment])).toEqual(
      one?.tables.map(({ detector, segment }) => [detector, segment]),
    )
  })

  it('leaves room in the budget for what others find, but for half of it', () => {
    const threshold = (others: number) => {
      const calibrator = new Calibrator(STAGES, 4)
      for (let day = 0; day < 6; day++)
        for (let index = 0; index < others; index++)
          calibrator.heard(
            finding({ at_ms: START + day * 24 * HOUR + index, detector: { id: 'spray', version: 1 } }),
          )
      return last(calibrator, quiet(6))?.threshold_nats ?? 0
    }
    expect(threshold(1)).toBeGreaterThan(threshold(0))
    expect(threshold(50)).toBe(threshold(2))
  })

  it('tells of a verdict at once whose findings were harmless, and forgets it after a month', () => {
    const calibrator = new Calibrator(STAGES, 5)
    last(calibrator, quiet(3))
    calibrator.heard(finding({ at_ms: START, id: 'f-1', detector: { id: 'rare', version: 1 } }))
    const verdict = {
      schema_version: 1 as const,
      id: 'v-1',
      tenant: 'default',
      verdict: 'confirm_safe' as const,
      entity: { type: 'subject' as const, id: 'user:person-1' },
      story_id: null,
      finding_ids: ['f-1'],
      analyst: 'alice',
      note: '',
      decided_at: new Date(START + 3 * 24 * HOUR).toISOString(),
    }
    expect(calibrator.judged({ ...verdict, verdict: 'dismiss' })).toBeUndefined()
    expect(calibrator.judged({ ...verdict, finding_ids: ['f-2'] })).toBeUndefined()
    const made = Calibration.parse(calibrator.judged(verdict))
    expect(made.safe).toMatchObject([{ entity: 'user:person-1', detectors: ['rare'] }])
    const readings = new Readings(DETECTORS, made)
    const safe = (who: string, day: number) => readings.saidOf(() => who, START + day * 24 * HOUR)?.detectors
    expect(safe('user:person-1', 20)).toEqual(new Set(['rare']))
    expect([safe('user:person-1', 40), safe('user:person-2', 20)]).toEqual([undefined, undefined])
  })

  describe('asked whether its p-values are uniform', () => {
    const still = { id: 'still', version: 1, thresholds: { medium: 9, high: 14 } }
    const late = { ...still, id: 'late', settles_days: 14 }
    /** Forty people; `late` says nothing for a week, then something of half of what they do. What was even after each day. */
    const evenAfter = (days: number, told = (_day: number, _index: number, said: number) => said) => {
      const calibrator = new Calibrator({ subject: [still, late], source: [] }, 5)
      const random = seededNumbers(3)
      return Array.from({ length: days }, (_, day) => {
        for (let index = 0; index < 1920; index++) {
          const at_ms = START + day * 24 * HOUR + (index * HOUR) / 80
          const entity = `person-${Math.floor(random() * 40)}`
          const said = told(day, index, -Math.log(random()))
          const scores = { still: said, late: day < 7 || random() < 0.5 ? 0 : said }
          calibrator.observe({ id: `d-${day}-${index}`, at_ms, entity, segment: 'person/medium', scores })
        }
        return new Map(calibrator.evenness().map(({ detector, p }) => [detector, p]))
      })
    }

    it('waits a week, or for as long as a detector says, and then finds what is quiet to be so', () => {
      const even = evenAfter(18)
      expect(even[6]).toEqual(new Map())
      expect([...(even[12] ?? [])].map(([detector]) => detector)).toEqual(['still'])
      expect(even[17]?.get('still')).toBeGreaterThan(0.01)
      expect(even[17]?.get('late')).toBeGreaterThan(0.01)
    })

    it.each([
      [
        'cries wolf of every other decision',
        (index: number, said: number) => (index % 2 === 0 ? 20 : said),
        1,
      ],
      [
        'says three times as much from day to day',
        (_: number, said: number, day: number) => said * 3 ** day,
        2,
      ],
    ])('calls what %s out of calibration within three days', (_, told) => {
      const begins = 16
      const even = evenAfter(begins + 3, (day, index, said) =>
        day < begins ? said : told(index, said, day - begins + 1),
      )
      expect(even[begins - 1]?.get('still')).toBeGreaterThan(0.01)
      expect(even.at(-1)?.get('still')).toBeLessThan(1e-6)
      expect(even.at(-1)?.get('late')).toBeLessThan(1e-6)
    })
  })

  it('keeps programs apart from people', () => {
    expect([segmentOf('user', 'high'), segmentOf('service', 'low'), segmentOf('device', 'low')]).toEqual([
      'person/high',
      'program/low',
      'program/low',
    ])
  })
})

describe('the extremes of days', () => {
  it('give the threshold above which a day had as many as the budget allows, and one entity counts once a day', () => {
    const extremes = new DayExtremes()
    for (let day = 1; day <= 5; day++) {
      for (let entity = 0; entity < 10; entity++) {
        for (let times = 0; times < 3; times++) extremes.observe(day, `e-${entity}`, 6 + entity)
      }
    }
    expect(extremes.thresholdFor(2)).toBeCloseTo(13)
    expect(new DayExtremes().thresholdFor(2)).toBeUndefined()
    expect(extremes.days).toBe(4)
  })

  it('stay bounded when somebody invents names, and keep the most surprising', () => {
    const extremes = new DayExtremes()
    for (let entity = 0; entity < 25_000; entity++)
      extremes.observe(1, `invented-${entity}`, 5 + (entity % 7))
    extremes.observe(1, 'thief', 30)
    extremes.observe(2, 'nobody', 6)
    expect(extremes.stored().days[0]?.length).toBeLessThanOrEqual(1000)
    expect(extremes.thresholdFor(1)).toBeLessThan(30)
  })
})
