import { describe, expect, it } from 'vitest'
import { Finding } from '../../../schemas/finding.ts'
import { advance, evidenceNats, keepRefused, prune, type Observed } from '../../../services/scoring/case.ts'
import type { Notes } from '../../../services/scoring/state/entity/entity-state.ts'

const detector = { id: 'denied-burst', version: 1, technique: 'T1526', thresholds: { medium: 10, high: 30 } }
const explain = () => ({
  cause: 'rate' as const,
  evidence: {},
  gates: [],
  summary: 'so it was',
  with_refused: true,
})
const empty = (): Notes => ({ cases: [], refused: [], subjects: [] })
const MINUTE = 60_000

function observed(id: string, atMs: number, over: Partial<Observed> = {}): Observed {
  return {
    decision_id: id,
    tenant: 'default',
    origin: 'live',
    decided_at: new Date(Date.parse('2026-01-01T00:00:00.000Z') + atMs).toISOString(),
    at_ms: atMs,
    entity: { type: 'subject', id: 'user:mallory' },
    related: [],
    refused: true,
    ...over,
  }
}

describe('evidence', () => {
  it.each([
    [10, 4],
    [20, 4.75],
    [30, 5.5],
    [1000, 6],
  ])('of a score of %d is %d nats', (score, nats) => {
    expect(evidenceNats(score, detector.thresholds)).toBe(nats)
  })

  it('is that of HIGH where a calibration puts both thresholds at one score', () => {
    expect([evidenceNats(7, { medium: 7, high: 7 }), evidenceNats(9, { medium: 7, high: 7 }, 2.5)]).toEqual([
      5.5, 2.5,
    ])
  })
})

describe('the life of a finding', () => {
  it('opens, is quiet for five minutes, is revised when its level rises and when five minutes have passed', () => {
    const notes = empty()
    const steps = [
      [0, 10],
      [MINUTE, 12],
      [2 * MINUTE, 31],
      [3 * MINUTE, 40],
      [7 * MINUTE, 15],
    ] as const
    const told = steps.map(([at, score], index) =>
      advance(notes, detector, score, observed(`d${index}`, at), explain),
    )
    expect(
      told.map((each) => each && [each.revision, each.risk_level, each.score, each.decisions_total]),
    ).toEqual([[1, 'MEDIUM', 10, 1], undefined, [2, 'HIGH', 31, 3], undefined, [3, 'HIGH', 40, 5]])
    expect(new Set(told.flatMap((each) => each?.id ?? [])).size).toBe(1)
    for (const finding of told) if (finding !== undefined) Finding.parse(finding)
  })

  it('is over after half an hour of quiet: the next crossing opens another', () => {
    const notes = empty()
    const first = advance(notes, detector, 10, observed('a', 0), explain)
    const later = prune(notes, 31 * MINUTE)
    expect(later).toBeUndefined()
    const second = advance(empty(), detector, 10, observed('b', 31 * MINUTE), explain)
    expect(second?.id).not.toBe(first?.id)
  })

  it('has an id that follows from what opened it', () => {
    const id = (decision: string, over: Partial<Observed> = {}) =>
      advance(empty(), detector, 10, observed(decision, 0, over), explain)?.id
    expect(id('a')).toBe(id('a'))
    const ids = [
      id('a'),
      id('b'),
      id('a', { tenant: 'other' }),
      id('a', { entity: { type: 'subject', id: 'user:x' } }),
    ]
    expect(new Set(ids).size).toBe(4)
  })

  it('names the refusals before it, and never more than 20 decisions', () => {
    const notes = empty()
    for (let index = 0; index < 40; index++) keepRefused(notes, observed(`r${index}`, index * 1000))
    const finding = advance(notes, detector, 10, observed('last', 41_000), explain)
    expect(finding?.decision_ids).toHaveLength(20)
    expect(finding?.decision_ids.at(-1)).toBe('last')
    expect(finding?.decisions_total).toBe(20)
  })

  it('is told at once when another account gives way', () => {
    const notes = empty()
    const account = (id: string) => ({ gave_way: true, related: [{ type: 'subject' as const, id }] })
    advance(notes, detector, 31, observed('a', 0), explain)
    expect(advance(notes, detector, 31, observed('b', 1000, account('user:bob')), explain)?.revision).toBe(2)
    expect(advance(notes, detector, 31, observed('c', 2000, account('user:bob')), explain)).toBeUndefined()
    expect(advance(notes, detector, 31, observed('d', 3000, account('user:eve')), explain)?.revision).toBe(3)
  })
})
