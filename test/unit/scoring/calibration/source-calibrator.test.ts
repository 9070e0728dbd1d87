import { describe, expect, it } from 'vitest'
import { Calibration } from '../../../../schemas/calibration.ts'
import type { SourceScores } from '../../../../schemas/source-scores.ts'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { Calibrator } from '../../../../services/scoring/calibration/calibrator.ts'
import { equalRate } from '../../../../services/scoring/calibration/equal-rate.ts'
import { Readings } from '../../../../services/scoring/calibration/reading.ts'
import { finding } from '../../../support/scoring/findings.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.parse('2026-01-05T00:00:00.000Z')
const SOURCE = [
  { id: 'loud', version: 1, entity: ['source', 'client'], thresholds: { medium: 10, high: 30 } },
  { id: 'still', version: 1, entity: 'device', thresholds: { medium: 2, high: 3 } },
] as const
const STAGES = { subject: [], source: SOURCE }
const NETWORKS = 60

/** Score of a network, a client and a device for each of a day. */
type Scored = (day: number, index: number, random: () => number) => number

/** Days of networks, clients and devices, each told twice: a first time with less. Gives the newest calibration. */
function run(calibrator: Calibrator, days: readonly [from: number, to: number], score: Scored) {
  let made: Calibration | undefined
  for (let day = days[0]; day < days[1]; day++) {
    const random = seededNumbers(day + 1)
    for (let hour = 0; hour < 24; hour++) {
      const at_ms = START + day * DAY + hour * HOUR
      const id = `d-${day}-${hour}`
      made = calibrator.observe({ id, at_ms, entity: 'a', segment: 'person/low', scores: {} }) ?? made
    }
    for (let index = 0; index < NETWORKS; index++) {
      const loud = score(day, index, random)
      for (const [type, id, scores] of [
        ['source', `net-${index}`, loud > 0 ? { loud: loud / 2 } : {}],
        ['source', `net-${index}`, loud > 0 ? { loud } : {}],
        ['client', `client-${index % 10}`, random() < 0.02 ? { loud: 1 } : {}],
        ['device', `device-${index}`, random() < 0.02 ? { still: 1.5 } : {}],
      ] as const)
        calibrator.observeSource(
          sourceScores(type, id, START + day * DAY + 23 * HOUR, scores),
          START + day * DAY,
        )
    }
  }
  return made
}

function sourceScores(
  type: SourceScores['entity']['type'],
  id: string,
  atMs: number,
  scores: SourceScores['scores'],
): SourceScores {
  const decided_at = new Date(atMs).toISOString()
  return { schema_version: 1, tenant: 'default', entity: { type, id }, decided_at, scores }
}

const quiet: Scored = (_, __, random) => (random() < 0.8 ? 0 : -Math.log(random()))
/** Six networks a day reach what is declared. */
const noisy: Scored = (day, index, random) =>
  (index + day) % 10 === 0 ? 10 - 5 * Math.log(random()) : random()

const tableOf = (made: Calibration | undefined, segment: string) =>
  made?.tables.find((table) => table.segment === segment)

describe('the calibration of networks, clients and devices', () => {
  it('has p-values by detector and kind of entity that are uniform where nothing happens, and judges them from the second week on', () => {
    const calibrator = new Calibrator(STAGES, 9)
    run(calibrator, [0, 8], quiet)
    expect(calibrator.evenness()).toEqual([])
    const made = run(calibrator, [8, 20], quiet)
    const even = new Map(calibrator.evenness().map(({ detector, p }) => [detector, p]))
    expect([...even.keys()].sort()).toEqual(['loud', 'still'])
    expect(Math.min(...even.values())).toBeGreaterThan(0.01)
    expect(Calibration.parse(made).tables.map(({ segment }) => segment)).toEqual([
      'source',
      'client',
      'device',
    ])
    // One in thirty-seven of those that say anything is as high, and four in five say nothing.
    const rarity = new Readings(SOURCE, made).of('source')[0]?.rarityOf(3.6)
    expect(rarity?.nats).toBeGreaterThan(4.4)
    expect(rarity?.nats).toBeLessThan(5.8)
  })

  it('takes what has never come to be as rare as the count can say', () => {
    const made = run(new Calibrator(STAGES, 9), [0, 8], () => 0)
    const rarity = new Readings(SOURCE, made).of('source')[0]?.rarityOf(12)
    expect(rarity?.nats).toBe(5)
    expect(rarity?.extrapolated).toBe(false)
  })

  it('calls one that is not uniform out of calibration', () => {
    const calibrator = new Calibrator(STAGES, 9)
    run(calibrator, [0, 20], (day, _, random) => 10 * seededNumbers(day + 77)() + random() / 10)
    expect(calibrator.evenness().find(({ detector }) => detector === 'loud')?.p).toBeLessThan(1e-6)
  })

  it('leaves thresholds as they are declared while findings fit into half of the budget', () => {
    const made = run(new Calibrator(STAGES, 20), [0, 8], noisy)
    expect(tableOf(made, 'source')).toMatchObject({ medium: 10, high: 30 })
    expect(tableOf(made, 'device')).toMatchObject({ medium: 2, high: 3 })
  })

  it('raises what finds more than that, until it fits, and nothing else', () => {
    const made = run(new Calibrator(STAGES, 4), [0, 12], noisy)
    const { medium = 0 } = tableOf(made, 'source') ?? {}
    const random = seededNumbers(99)
    const a = Array.from({ length: 6000 }, () => 10 - 5 * Math.log(random())).filter((s) => s >= medium)
    expect(medium).toBeGreaterThan(12)
    // A thousand days of six networks: two a day at most, give or take a tenth.
    expect(a.length / 1000).toBeLessThan(2.2)
    expect(a.length / 1000).toBeGreaterThan(1)
    expect(tableOf(made, 'device')).toMatchObject({ medium: 2, high: 3 })
  })

  it('is stricter after days with more findings than fit, but for those that were attacks, and goes on so after being stored', () => {
    const thresholdAfter = (confirmed: boolean, stored: boolean) => {
      let calibrator = new Calibrator(STAGES, 4)
      for (let day = 0; day < 10; day++) {
        run(calibrator, [day, day + 1], noisy)
        const ids = Array.from({ length: 8 }, (_, index) => `f-${day}-${index}`)
        for (const id of ids)
          calibrator.heard(finding({ id, at_ms: START + day * DAY, detector: { id: 'loud', version: 1 } }))
        if (confirmed)
          calibrator.judged({
            schema_version: 1,
            id: `v-${day}`,
            tenant: 'default',
            verdict: 'confirm_compromised',
            entity: { type: 'source', id: 'net-1' },
            story_id: null,
            finding_ids: ids,
            analyst: 'alice',
            note: '',
            decided_at: new Date(START + day * DAY).toISOString(),
          })
        if (!stored || day !== 5) continue
        const known = JSON.parse(JSON.stringify(calibrator.stored()))
        calibrator = new Calibrator(STAGES, 4)
        calibrator.restore(known)
      }
      return tableOf(run(calibrator, [10, 11], noisy), 'source')?.medium ?? 0
    }
    const strict = thresholdAfter(false, false)
    expect(strict).toBeGreaterThan(thresholdAfter(true, false) + 1)
    expect(thresholdAfter(false, true)).toBeCloseTo(strict, 1)
  })
})

describe('an equal rate', () => {
  it('is the same for all who are held back, and what one does not need is the others’', () => {
    expect(equalRate([0.5, 4, 6], 6.5)).toBe(3)
    expect(equalRate([0.5, 4], 6.5)).toBeUndefined()
    expect(equalRate([6, 2, 6], 6)).toBe(2)
    expect(equalRate([1, 1], 0)).toBe(0)
    expect(equalRate([], 0)).toBeUndefined()
  })
})
