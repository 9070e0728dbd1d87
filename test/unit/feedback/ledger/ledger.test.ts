import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../../schemas/finding.ts'
import { RiskState } from '../../../../schemas/risk.ts'
import type { Verdict, VerdictKind } from '../../../../schemas/verdict.ts'
import { elapse, forgettable } from '../../../../services/feedback/ledger/elapse.ts'
import { scoreOf } from '../../../../services/feedback/ledger/evidence.ts'
import { judge } from '../../../../services/feedback/ledger/judge.ts'
import { levelOf } from '../../../../services/feedback/ledger/level.ts'
import { observe, unknownEntity } from '../../../../services/feedback/ledger/observe.ts'
import { DEFAULT_PARAMETERS as parameters } from '../../../../services/feedback/ledger/parameters.ts'
import { MORNING_MS, finding, instant, subject } from '../../../support/scoring/findings.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const causes = ['location', 'device', 'rate', 'credential', 'path', 'data'] as const

const nobody = unknownEntity('default', subject('alice'), 'live', MORNING_MS)

function see(state: RiskState, seen: Finding, nowMs = MORNING_MS, withheld: RiskState['withheld'] = null) {
  return observe(state, seen, 1, 's-1', { now_ms: nowMs, parameters, withhold: () => withheld })
}

function wait(state: RiskState, nowMs: number) {
  return elapse(state, { now_ms: nowMs, parameters, withhold: () => null })
}

function verdict(kind: VerdictKind, changes: Partial<Verdict> = {}): Verdict {
  return {
    schema_version: 1,
    id: 'v-1',
    tenant: 'default',
    verdict: kind,
    entity: subject('alice'),
    story_id: null,
    finding_ids: [],
    analyst: 'bob',
    note: '',
    decided_at: instant(MORNING_MS),
    ...changes,
  }
}

function say(state: RiskState, said: Verdict, nowMs = MORNING_MS, withheld: RiskState['withheld'] = null) {
  return judge(state, said, { now_ms: nowMs, parameters, withhold: () => withheld })
}

describe('score and level', () => {
  it('nothing known is a score of 1.8', () => {
    expect(scoreOf([], parameters.prior_nats)).toBe(1.8)
  })

  it.each([
    { nats: 4, score: 50, level: 'MEDIUM' },
    { nats: 5.5, score: 81.8, level: 'HIGH' },
    { nats: 6, score: 88.1, level: 'HIGH' },
    { nats: 2, score: 11.9, level: 'LOW' },
  ])('one finding of $nats nats is $score, $level', ({ nats, score, level }) => {
    expect(see(nobody, finding({ evidence_nats: nats }))).toMatchObject({ score, level })
  })

  it('a session forgets by half in 6 hours, a subject in 7 days', () => {
    const session = { ...nobody, entity: { type: 'session' as const, id: 's' } }
    const at = (state: RiskState, ms: number) =>
      wait({ ...see(state, finding({ evidence_nats: 3.8 })), expires_at: null }, MORNING_MS + ms)
    expect(at(session, 6 * HOUR_MS).causes[0]?.nats).toBeCloseTo(1.9, 2)
    expect(at(nobody, 7 * DAY_MS).causes[0]?.nats).toBeCloseTo(1.9, 2)
  })

  it('names the decision, the finding and the story that it rests on, and is valid by the contract', () => {
    const state = see(nobody, finding())
    expect(RiskState.parse(state)).toMatchObject({
      story_ids: ['s-1'],
      decision_id: 'd-f-1',
      causes: [{ cause: 'location', finding_ids: ['f-1'] }],
    })
  })

  it('a finding from the future counts as of now', () => {
    const state = see(nobody, finding({ at_ms: MORNING_MS + DAY_MS }))
    expect(state.causes[0]?.contributions?.[0]?.at).toBe(instant(MORNING_MS))
  })

  it('old evidence that comes late weighs less', () => {
    const late = see(nobody, finding({ at_ms: MORNING_MS - 7 * DAY_MS }))
    expect(late.causes[0]?.nats).toBeCloseTo(2.75, 2)
  })

  it('the same revision twice changes nothing', () => {
    const once = see(nobody, finding())
    expect(see(once, finding(), MORNING_MS + 1000)).toBe(once)
  })
})

const anyFinding = fc.record({
  cause: fc.constantFrom(...causes),
  nats: fc.double({ min: 0, max: 6, noNaN: true }),
  agoMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
})

describe('properties of the ledger', () => {
  it('the score stays between 0 and 100, and the state within its contract', () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 60 }), (seen) => {
        let state = nobody
        for (const [index, { cause, nats, agoMs }] of seen.entries())
          state = see(
            state,
            finding({ id: `f-${index}`, cause, evidence_nats: nats, at_ms: MORNING_MS - agoMs }),
          )
        RiskState.parse(state)
        expect(state.score).toBeGreaterThanOrEqual(0)
        expect(state.score).toBeLessThanOrEqual(100)
      }),
    )
  })

  it('more evidence never lowers the score', () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 40 }), (seen) => {
        let state = nobody
        for (const [index, { cause, nats, agoMs }] of seen.entries()) {
          const next = see(
            state,
            finding({ id: `f-${index}`, cause, evidence_nats: nats, at_ms: MORNING_MS - agoMs }),
          )
          expect(next.score).toBeGreaterThanOrEqual(state.score)
          state = next
        }
      }),
    )
  })

  it('time alone never raises the score', () => {
    fc.assert(
      fc.property(
        fc.array(anyFinding, { minLength: 1, maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: DAY_MS }), { maxLength: 10 }),
        (seen, pauses) => {
          let state = nobody
          for (const [index, { cause, nats }] of seen.entries())
            state = see(state, finding({ id: `f-${index}`, cause, evidence_nats: nats }))
          let nowMs = MORNING_MS
          for (const pause of pauses) {
            nowMs += pause
            const next = wait(state, nowMs)
            expect(next.score).toBeLessThanOrEqual(state.score)
            state = next
          }
        },
      ),
    )
  })

  it('findings of one cause never reach a revoke, however many', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...causes),
        fc.array(fc.double({ min: 0, max: 6, noNaN: true }), { maxLength: 100 }),
        (cause, all) => {
          let state = nobody
          for (const [index, nats] of all.entries())
            state = see(state, finding({ id: `f-${index}`, cause, evidence_nats: nats }))
          expect(state.required_action).toBe('none')
          expect(state.score).toBeLessThan(parameters.revoke_score)
        },
      ),
    )
  })

  it('confirm_safe gives back what there was before, whatever had been found', () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { minLength: 1, maxLength: 20 }), (seen) => {
        let state = nobody
        for (const [index, { cause, nats }] of seen.entries())
          state = see(state, finding({ id: `f-${index}`, cause, evidence_nats: nats }))
        const safe = say(state, verdict('confirm_safe'))
        expect(safe).toMatchObject({
          level: 'LOW',
          required_action: 'none',
          expires_at: null,
          restricted_since: null,
          revoked_before: null,
          causes: [],
        })
      }),
    )
  })

  it('a score that trembles around a threshold changes the level once', () => {
    fc.assert(
      fc.property(
        fc.constantFrom([40, 30] as const, [75, 65] as const),
        fc.array(fc.double({ min: 0.02, max: 0.98, noNaN: true }), { minLength: 2, maxLength: 50 }),
        ([enter, leave], tremble) => {
          // given a score that wanders between where a level is left and where it is entered
          let level = levelOf(enter, 'LOW', parameters)
          let changes = 0
          for (const part of tremble) {
            const next = levelOf(leave + part * (enter - leave), level, parameters)
            if (next !== level) changes += 1
            level = next
          }
          expect(changes).toBe(0)
        },
      ),
    )
  })
})

describe('revoke', () => {
  const travel = finding()
  const stolen = finding({
    id: 'f-2',
    cause: 'credential',
    detector: { id: 'success-after-failures', version: 1 },
  })

  it('two independent causes revoke the sessions up to now', () => {
    const state = see(see(nobody, travel), stolen, MORNING_MS + 1000)
    expect(state).toMatchObject({
      level: 'HIGH',
      required_action: 'revoke',
      revoked_before: instant(MORNING_MS + 1000),
    })
  })

  it('a second cause that is all but nothing does not', () => {
    const state = see(
      see(nobody, finding({ evidence_nats: 6 })),
      finding({ id: 'f-2', cause: 'rate', evidence_nats: 1.5 }),
    )
    expect(state).toMatchObject({ level: 'HIGH', required_action: 'none' })
  })

  it('a revision of a known finding does not throw out who has signed in since; a new finding does', () => {
    const revoked = see(see(nobody, travel), stolen)
    const revised = see(
      revoked,
      finding({ revision: 2, evidence_nats: 6, at_ms: MORNING_MS + 60_000 }),
      MORNING_MS + 60_000,
    )
    expect(revised.revoked_before).toBe(instant(MORNING_MS))
    const renewed = see(revised, finding({ id: 'f-3', cause: 'path' }), MORNING_MS + 90_000)
    expect(renewed.revoked_before).toBe(instant(MORNING_MS + 90_000))
  })

  it('an external signal revokes by itself', () => {
    expect(see(nobody, finding({ cause: 'signal' }))).toMatchObject({ required_action: 'revoke' })
  })
})

describe('a list of known-bad sources', () => {
  const listed = (n: number) =>
    finding({ id: `l-${n}`, cause: 'signal', evidence_nats: 2.5, at_ms: MORNING_MS + n * HOUR_MS })
  const often = Array.from({ length: 30 }, (_, n) => n).reduce(
    (state, n) => see(state, listed(n), MORNING_MS + n * HOUR_MS),
    nobody,
  )

  it('never restricts anybody by itself, however often it is found', () => {
    expect(often).toMatchObject({ level: 'LOW', required_action: 'none', score: 18.2 })
  })

  it('makes other evidence weigh more, and does not revoke beside a MEDIUM finding', () => {
    const at = MORNING_MS + 30 * HOUR_MS
    const location = finding({ id: 'other', evidence_nats: 4, at_ms: at })
    expect(see(nobody, location, at)).toMatchObject({ level: 'MEDIUM' })
    expect(see(often, location, at)).toMatchObject({ level: 'HIGH', required_action: 'none' })
  })
})

describe('restrictions end', () => {
  it('a MEDIUM one after an hour, a HIGH one after four, with a residue that new evidence soon adds to', () => {
    const medium = see(nobody, finding({ evidence_nats: 4 }))
    expect(medium.expires_at).toBe(instant(MORNING_MS + HOUR_MS))
    const high = see(nobody, finding())
    expect(high.expires_at).toBe(instant(MORNING_MS + 4 * HOUR_MS))
    expect(wait(high, MORNING_MS + 4 * HOUR_MS - 1).level).toBe('HIGH')
    const over = wait(high, MORNING_MS + 4 * HOUR_MS)
    expect(over).toMatchObject({ level: 'LOW', expires_at: null, restricted_since: null })
    expect(over.score).toBeGreaterThan(20)
    expect(over.score).toBeLessThanOrEqual(25)
  })

  it('while the cause goes on, the end moves on, up to the cap; then the same happening restricts no more', () => {
    let state = see(nobody, finding())
    let nowMs = MORNING_MS
    let restrictedMs = 0
    for (let revision = 2; nowMs < MORNING_MS + 3 * DAY_MS; revision++) {
      nowMs += 300_000
      state = wait(see(state, finding({ revision, at_ms: nowMs }), nowMs), nowMs)
      if (state.level !== 'LOW') restrictedMs = nowMs - MORNING_MS
    }
    expect(restrictedMs).toBeGreaterThan(DAY_MS - 600_000)
    expect(restrictedMs).toBeLessThanOrEqual(DAY_MS)
    expect(state.cleared_finding_ids).toEqual(['f-1'])
    // and a new happening restricts at once
    expect(see(state, finding({ id: 'f-9', at_ms: nowMs }), nowMs).level).toBe('HIGH')
  })

  it('what was served and goes on after a pause restricts again', () => {
    const over = wait(see(nobody, finding()), MORNING_MS + 5 * HOUR_MS)
    const again = see(
      over,
      finding({ revision: 2, at_ms: MORNING_MS + 5 * HOUR_MS }),
      MORNING_MS + 5 * HOUR_MS,
    )
    expect(again.level).toBe('HIGH')
  })

  it('an entity is forgotten when its evidence is gone and a day has passed, not before', () => {
    const calm = say(see(nobody, finding()), verdict('confirm_safe'))
    expect(forgettable(calm, MORNING_MS + HOUR_MS, DAY_MS, parameters)).toBe(false)
    expect(forgettable(calm, MORNING_MS + DAY_MS, DAY_MS, parameters)).toBe(true)
    const suspicious = wait(see(nobody, finding()), MORNING_MS + 4 * HOUR_MS)
    expect(forgettable(suspicious, MORNING_MS + 2 * DAY_MS, DAY_MS, parameters)).toBe(false)
    expect(forgettable(suspicious, MORNING_MS + 60 * DAY_MS, DAY_MS, parameters)).toBe(true)
  })
})

describe('what is withheld', () => {
  it.each(['import', 'break_glass', 'circuit_breaker'] as const)(
    '%s: the score is true, the level LOW',
    (reason) => {
      const both = see(
        see(nobody, finding(), MORNING_MS, reason),
        finding({ id: 'f-2', cause: 'credential' }),
        MORNING_MS,
        reason,
      )
      expect(both).toMatchObject({
        level: 'LOW',
        required_action: 'none',
        expires_at: null,
        restricted_since: null,
        withheld: reason,
      })
      expect(both.score).toBeGreaterThan(95)
    },
  )

  it('imported history is judged as of its last finding, not of today', () => {
    const old = finding({ origin: 'import', at_ms: MORNING_MS - 3000 * DAY_MS })
    const state = see(
      unknownEntity('import', subject('root'), 'import', MORNING_MS),
      old,
      MORNING_MS,
      'import',
    )
    expect(state).toMatchObject({ score: 81.8, withheld: 'import' })
    expect(wait(state, MORNING_MS + DAY_MS)).toBe(state)
  })
})

describe('verdicts', () => {
  it('confirm_compromised revokes from now on, with nothing found before', () => {
    expect(say(nobody, verdict('confirm_compromised'), MORNING_MS + 5)).toMatchObject({
      level: 'HIGH',
      required_action: 'revoke',
      revoked_before: instant(MORNING_MS + 5),
      expires_at: instant(MORNING_MS + 5 + 7 * DAY_MS),
    })
  })

  it('the same verdict record twice acts once', () => {
    const once = say(nobody, verdict('confirm_compromised'))
    expect(say(once, verdict('confirm_compromised'), MORNING_MS + 1000)).toBe(once)
    const safe = say(once, verdict('confirm_safe', { id: 'v-2' }))
    expect(safe.level).toBe('LOW')
    expect(say(safe, verdict('confirm_safe', { id: 'v-2' }))).toBe(safe)
  })

  it('after confirm_safe a later revision of the same happening does not count, a new one does', () => {
    const safe = say(see(nobody, finding()), verdict('confirm_safe'))
    expect(
      see(safe, finding({ revision: 2, evidence_nats: 6, at_ms: MORNING_MS + 1000 }), MORNING_MS + 1000),
    ).toBe(safe)
    expect(see(safe, finding({ id: 'f-7' })).level).toBe('HIGH')
  })

  it('confirm_safe on one story leaves what another story found', () => {
    const both = observe(see(nobody, finding()), finding({ id: 'f-2', cause: 'credential' }), 1, 's-2', {
      now_ms: MORNING_MS,
      parameters,
      withhold: () => null,
    })
    expect(both.required_action).toBe('revoke')
    const safe = say(both, verdict('confirm_safe', { story_id: 's-1', finding_ids: ['f-1'] }))
    expect(safe).toMatchObject({ level: 'HIGH', required_action: 'none', story_ids: ['s-2'] })
    expect(safe.causes.map((c) => c.cause)).toEqual(['credential'])
  })

  it('dismiss leaves risk as it is', () => {
    const state = see(nobody, finding())
    expect(say(state, verdict('dismiss'))).toBe(state)
  })

  it('a break-glass account is not restricted by a verdict either', () => {
    expect(say(nobody, verdict('confirm_compromised'), MORNING_MS, 'break_glass')).toMatchObject({
      level: 'LOW',
      required_action: 'none',
      withheld: 'break_glass',
    })
  })
})
