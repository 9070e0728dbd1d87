import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import { DAY, HOUR, MINUTE, play, story, type Part } from '../support/scoring/play.ts'

const OLD = 'a'.repeat(64)
const BAD = 'b'.repeat(64)
const MENDED = 'c'.repeat(64)

const crm = { type: 'http', id: '/deals/7', app: 'crm', path_template: '/deals/{id}' }

/** A decision that a revision of the policy made about the sales application. */
function by(revision: string, outcome: 'permit' | 'deny', over: Partial<DecisionInput> = {}) {
  return {
    outcome,
    reasons: [outcome === 'permit' ? 'policy_permit' : 'no_rule_matched'] as DecisionInput['reasons'],
    resource: crm,
    policy: { revision, route_id: 'deals', ...(outcome === 'permit' ? { rule_id: 'deals.sales' } : {}) },
    ...over,
  }
}

const team = (size: number) => Array.from({ length: size }, (_, index) => `seller-${index}`)

/** A week in which somebody works with it every day, at their own minute. */
function works(who: string, revision = OLD): Part {
  const minute = Number(who.replace(/\D/g, '') || 0)
  return {
    who,
    fromMs: 8 * HOUR + minute * MINUTE,
    everyMs: DAY,
    times: 5,
    each: () => by(revision, 'permit'),
  }
}

/** Comes once, on the day after the week, at their own minute. */
function comes(who: string, revision: string, outcome: 'permit' | 'deny', fromMs = 5 * DAY + 9 * HOUR): Part {
  const minute = Number(who.replace(/\D/g, '') || 0)
  return { who, fromMs: fromMs + minute * MINUTE, each: () => by(revision, outcome) }
}

function intents(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ detector }) => detector.id === 'policy-intent')
}

describe('policy intent', () => {
  const people = team(15)

  it('a revision that refuses fourteen of fifteen who worked with it is found at the fourth, with names, reason and what the one before would have said', () => {
    const shadow = { revision: OLD, outcome: 'permit' as const }
    const refused: Part[] = people.slice(1).map((who) => ({
      ...comes(who, BAD, 'deny'),
      each: () => by(BAD, 'deny', { policy: { revision: BAD, route_id: 'deals', shadow } }),
    }))
    const { findings } = play(
      story(...people.map((who) => works(who)), comes('seller-0', BAD, 'permit'), ...refused),
    )
    const told = intents(findings)
    const [first, last] = [told[0], told.at(-1)]
    expect(told.map((each) => [each.revision, each.risk_level, each.evidence['people_refused']])).toEqual(
      Array.from({ length: 11 }, (_, index) => [index + 1, index < 6 ? 'MEDIUM' : 'HIGH', index + 4]),
    )
    expect(first?.observed_at).toBe('2026-01-06T09:04:00.000Z')
    expect(last).toMatchObject({
      id: first?.id,
      entity: { type: 'policy_rule', id: 'crm deals' },
      cause: 'policy',
      evidence_nats: 0,
      evidence: {
        policy_revision: BAD,
        policy_revision_before: OLD,
        route: 'deals',
        first_reason: 'no_rule_matched',
        first_refused_at: '2026-01-06T09:01:00.000Z',
        first_refused_subject: 'user:seller-1',
        people_established: 15,
        people_refused: 14,
        revision_before_would_permit: 14,
      },
      summary:
        'Policy revision bbbbbbbbbbbb refuses 14 of 15 people who used crm deals in the last 30 days; ' +
        'first reason no_rule_matched; the revision before would have let in 14 of 14.',
    })
    expect(last?.entities).toContainEqual({ type: 'subject', id: 'user:seller-10' })
    expect(last?.entities).toContainEqual({ type: 'policy_rule', id: `revision ${BAD}` })
    expect(new Set(told.map(({ id }) => id)).size).toBe(1)
  })

  it('closes when a later revision, or the one before, lets half of them in again', () => {
    const back = (revision: string) =>
      people.slice(0, 6).map((who) => comes(who, revision, 'permit', 5 * DAY + 13 * HOUR))
    for (const revision of [OLD, MENDED]) {
      const { findings } = play(
        story(
          ...people.slice(0, 6).flatMap((who) => [works(who), comes(who, BAD, 'deny')]),
          ...back(revision),
        ),
      )
      const told = intents(findings)
      expect(told.map(({ closed_at }) => closed_at)).toEqual([
        ...Array.from({ length: 4 }, () => undefined),
        '2026-01-06T13:02:00.000Z',
      ])
      expect(told.at(-1)?.summary).toBe(
        'Policy revision bbbbbbbbbbbb refused 6 of 6 people who used crm deals; 3 of them get in again.',
      )
    }
  })

  it('a revision that lets some in again and goes on refusing others answers for those itself', () => {
    const some = people.slice(0, 8)
    const { findings } = play(
      story(
        ...some.flatMap((who) => [works(who), comes(who, BAD, 'deny')]),
        ...some.map((who, index) => comes(who, MENDED, index < 3 ? 'permit' : 'deny', 5 * DAY + 13 * HOUR)),
      ),
    )
    const told = intents(findings)
    expect(new Set(told.map(({ id }) => id)).size).toBe(2)
    expect(
      told
        .filter(({ closed_at }) => closed_at !== undefined)
        .map(({ evidence }) => evidence['policy_revision']),
    ).toEqual([BAD])
    expect(told.at(-1)?.evidence).toMatchObject({
      policy_revision: MENDED,
      policy_revision_before: OLD.slice(0, 8),
    })
  })

  it('does not depend on the order in which the last ten minutes come, nor on where batches end', () => {
    const decisions = story(
      ...people.flatMap((who) => [works(who), comes(who, BAD, 'deny', 5 * DAY + 9 * HOUR)]),
    )
    const calm = decisions.slice(0, -15)
    const rush = decisions.slice(-15).map((_, index, all) => all[(index * 4) % all.length] ?? all[0])
    const shuffled = [...calm, ...rush.flatMap((each) => each ?? [])]
    const last = (batch: number) => intents(play(shuffled, { batch }).findings)
    expect(last(7)).toEqual(last(50))
    expect(last(7).at(-1)?.evidence).toMatchObject({ people_established: 15, people_refused: 15 })
  })

  describe('is not said', () => {
    it('of people who are refused as ever, or were never let in', () => {
      const strangers = team(12).map((who) => `new-${who}`)
      const { findings } = play(
        story(
          ...people.flatMap((who) => [works(who), comes(who, BAD, 'permit')]),
          ...strangers.map((who) => ({ ...works(who), each: () => by(OLD, 'deny' as const) })),
          ...strangers.map((who) => comes(who, BAD, 'deny')),
          ...team(5).map((who) => comes(`joiner-${who}`, BAD, 'deny')),
        ),
      )
      expect(intents(findings)).toEqual([])
    })

    it('of one person who was to lose access, and of one whose device fell out of compliance, while others get in', () => {
      const fallen = {
        ...comes('seller-3', BAD, 'deny'),
        each: () => by(BAD, 'deny', { reasons: ['device_tier_too_low'] }),
      }
      const { findings } = play(
        story(
          ...people.map((who) => works(who)),
          ...people
            .filter((who) => who !== 'seller-2' && who !== 'seller-3')
            .map((who) => comes(who, BAD, 'permit')),
          comes('seller-2', BAD, 'deny'),
          fallen,
        ),
      )
      expect(intents(findings)).toEqual([])
    })

    it('where the policy refuses the same people now and then as ever', () => {
      const often = (who: string): Part => ({
        ...comes(who, OLD, 'deny', 4 * DAY + 15 * HOUR),
        each: () => by(OLD, 'deny'),
      })
      const { findings } = play(
        story(...people.slice(0, 6).flatMap((who) => [works(who), often(who), comes(who, BAD, 'deny')])),
      )
      expect(intents(findings)).toEqual([])
    })

    it('where people lose access under the revision that let them in: their groups changed, and no policy', () => {
      const { findings } = play(story(...people.flatMap((who) => [works(who), comes(who, OLD, 'deny')])))
      expect(intents(findings)).toEqual([])
    })

    it('of wrong passwords, and of what our own feedback refuses', () => {
      const wrong = people.map((who) => ({
        ...comes(who, BAD, 'deny'),
        each: () => by(BAD, 'deny', { reasons: ['credentials_rejected'] }),
      }))
      const risky = people.map((who) => ({
        ...comes(who, BAD, 'deny', 5 * DAY + 11 * HOUR),
        each: () => by(BAD, 'deny', { reasons: ['risk_high'], caused_by: 'risk_feedback' }),
      }))
      const { findings } = play(story(...people.map((who) => works(who)), ...wrong, ...risky))
      expect(intents(findings)).toEqual([])
    })

    it('of a burst of one person who tries everything', () => {
      const burst = {
        who: 'seller-1',
        fromMs: 5 * DAY,
        everyMs: 500,
        times: 200,
        each: () => by(BAD, 'deny' as const),
      }
      const { findings } = play(story(...people.map((who) => works(who)), burst))
      expect(intents(findings)).toEqual([])
    })
  })
})
