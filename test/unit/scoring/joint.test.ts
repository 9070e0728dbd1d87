import { describe, expect, it } from 'vitest'
import { Finding } from '../../../schemas/finding.ts'
import type { Observed } from '../../../services/scoring/case.ts'
import { Readings } from '../../../services/scoring/calibration/reading.ts'
import { advanceJoint, type Saying } from '../../../services/scoring/joint.ts'
import type { Notes } from '../../../services/scoring/state/entity/entity-state.ts'
import { runningEvidence } from '../../../services/scoring/state/entity/running-evidence.ts'
import { allocate } from '../../../services/scoring/state/form/words.ts'

const IDS = ['rare-resource', 'unfamiliar-context', 'known-bad-source'] as const
const THRESHOLDS = { medium: 8, high: 12 }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.parse('2026-01-01T00:00:00.000Z')

function observed(index: number, atMs: number): Observed {
  return {
    decision_id: `d${index}`,
    tenant: 'default',
    origin: 'live',
    decided_at: new Date(atMs).toISOString(),
    at_ms: atMs,
    entity: { type: 'subject', id: 'user:mallory' },
    related: [],
    refused: false,
  }
}

/** An entity of which one decision after the other is told: minutes since the start, and what each detector says. */
function entity() {
  const form = runningEvidence(IDS.length)
  const evidence = form.read(allocate(form.words), 0)
  const notes: Notes = { cases: [], refused: [], subjects: [] }
  let index = 0
  return (minute: number, nats: readonly number[], thing = 1): Finding | undefined => {
    const atMs = START + minute * MINUTE
    const news = evidence.take(nats, thing, atMs)
    const sayings = IDS.map((id, place): Saying => ({
      detector: {
        id,
        version: 1,
        technique: 'T1078',
        thresholds: { medium: 1, high: 2 },
        most_nats: id === 'known-bad-source' ? 2.5 : undefined,
      },
      nats: nats[place] ?? 0,
      explain: () => ({ cause: 'path', evidence: { of: id }, gates: [], summary: `${id} said so.` }),
    }))
    index += 1
    const finding = advanceJoint(
      notes,
      { evidence, scale: new Readings([]) },
      sayings,
      news,
      THRESHOLDS,
      observed(index, atMs),
    )
    return finding === undefined ? undefined : Finding.parse(finding)
  }
}

describe('a finding that rests on several detectors', () => {
  it('opens when what they say adds up, with the figures of the loudest and the share of each', () => {
    const tell = entity()
    expect(tell(0, [5, 0, 0])).toBeUndefined()
    expect(tell(10, [0, 6, 0])).toMatchObject({
      revision: 1,
      risk_level: 'MEDIUM',
      detector: { id: 'unfamiliar-context' },
      evidence: { of: 'unfamiliar-context', joint_nats_of_a_finding: 8 },
      contributions: [
        { detector: 'unfamiliar-context', cause: 'path', nats: 6 },
        { detector: 'rare-resource', nats: 5 },
      ],
      summary: 'unfamiliar-context said so. Also: rare-resource.',
    })
  })

  it('does not open for one surprise that is repeated, and forgets what was said hours ago', () => {
    const tell = entity()
    for (let minute = 0; minute < 60; minute++) expect(tell(minute, [5, 0, 0])).toBeUndefined()
    expect(tell(12 * 60, [0, 6, 0])).toBeUndefined()
  })

  it('counts another thing a tenth more, half as much again at most', () => {
    const tell = entity()
    const told = Array.from({ length: 40 }, (_, index) => tell(index, [5.5, 0, 0], index + 1))
    expect(told.findIndex((each) => each !== undefined)).toBeGreaterThan(3)
    expect(Math.max(...told.map((each) => each?.score ?? 0))).toBeLessThan(8.5)
  })

  it('is one while it goes on, and is told again when its level rises', () => {
    const tell = entity()
    const first = tell(0, [9, 0, 0])
    expect(tell(1, [9, 0, 0])).toBeUndefined()
    const risen = tell(2, [9, 5, 0])
    expect(risen).toMatchObject({ id: first?.id, revision: 2, risk_level: 'HIGH', decisions_total: 3 })
  })

  it('is not news the next day, and as much that is new is another finding', () => {
    const tell = entity()
    const first = tell(0, [9, 0, 0])
    expect(tell(24 * 60 - 30, [9, 0, 0])?.id ?? first?.id).toBe(first?.id)
    const other = tell(25 * 60, [0, 10, 0])
    expect(other?.revision).toBe(1)
    expect(other?.id).not.toBe(first?.id)
  })

  it('does not swallow what another detector says an hour later, a part at a time', () => {
    const tell = entity()
    const first = tell(0, [9, 0, 0])
    expect(tell(60, [0, 3, 0])).toBeUndefined()
    expect(tell(61, [0, 6, 0])).toBeUndefined()
    const other = tell(62, [0, 9, 0])
    expect(other).toMatchObject({ revision: 1, detector: { id: 'unfamiliar-context' } })
    expect(other?.id).not.toBe(first?.id)
  })

  it('weighs no more than those that speak may', () => {
    expect(entity()(0, [0, 0, 12])?.evidence_nats).toBeLessThanOrEqual(2.5)
    expect(entity()(0, [3, 0, 12])).toMatchObject({ detector: { id: 'rare-resource' } })
  })

  it('has an id that follows from what opened it', () => {
    expect(entity()(0, [9, 0, 0])?.id).toBe(entity()(0, [9, 0, 0])?.id)
  })
})

describe('running evidence', () => {
  it('is in memory what is stored: read again from the same words it goes on', () => {
    const form = runningEvidence(IDS.length)
    const words = allocate(form.words)
    const one = form.read(words, 0)
    one.take([4, 0, 2], 1, START)
    one.tell()
    const again = form.read(words, 0)
    expect([again.of(0), again.of(2), again.newsOf(0)]).toEqual([4, 2, 0])
    expect(again.take([6, 0, 0], 2, START + HOUR)).toBeGreaterThan(1)
  })
})
