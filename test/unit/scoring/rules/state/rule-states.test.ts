import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RuleMatch } from '../../../../../schemas/rule-match.ts'
import { judgeMatch } from '../../../../../services/scoring/rules/judge-match.ts'
import { RuleStates } from '../../../../../services/scoring/rules/state/rule-states.ts'
import { HOUR, MINUTE } from '../../../../support/scoring/play.ts'
import { rulesOf, ruleText } from '../../../../support/scoring/rules.ts'

const refused = ruleText('{ s: { outcome: deny }, condition: s }').replace('name: it', 'name: refused')
const set = rulesOf(`${refused}---\ntitle: Many\nname: many
correlation: { type: event_count, rules: [refused], group-by: [subject.id], timespan: 10m, condition: { gte: 3 } }`)
const told = set.told.get('many')

const EPOCH = Date.parse('2026-01-01T00:00:00.000Z')
function match(who: string, atMs: number, more: Partial<RuleMatch> = {}): RuleMatch {
  return {
    schema_version: 1,
    tenant: 'default',
    origin: 'live',
    rule: 'many',
    matched: 'refused',
    rule_set: set.version,
    decision_id: `${who}-${atMs}`,
    decided_at: new Date(EPOCH + atMs).toISOString(),
    entity: { type: 'subject', id: `user:${who}` },
    entities: [],
    values: { 'subject.id': who },
    ...more,
  }
}

function judge(states: RuleStates, matches: readonly RuleMatch[]) {
  const passed = { late: 0, ungrouped: 0, crowded: 0 }
  if (told === undefined) throw new Error('the rule tells nothing')
  return matches.flatMap((one) => judgeMatch(states, told, one, 10, passed).finding ?? [])
}

/** The state that a successor would read. */
function successor(changes: readonly ReturnType<RuleStates['changes']>[], most: number): RuleStates {
  const newest = new Map<string, Uint8Array | null>()
  for (const { key, value } of changes.flat()) {
    // Compaction keeps the newest record of a key, at its place.
    newest.delete(key)
    newest.set(key, value === null ? null : Buffer.from(String(value)))
  }
  const states = new RuleStates(0, most)
  for (const [key, value] of newest) states.restore(key, value)
  return states
}

describe('what is counted for rules', () => {
  it('is bounded: names that somebody invents push out each other, and not who was refused twice', () => {
    const states = new RuleStates(0, 100)
    judge(states, [match('mallory', 0), match('mallory', 1000)])
    const flood = Array.from({ length: 1000 }, (_, index) => match(`x${index}`, 2000 + index))
    expect(judge(states, flood)).toEqual([])
    expect(states.size).toBeLessThanOrEqual(100)
    expect(states.forgotten.full).toBe(901)
    expect(judge(states, [match('mallory', 5000)])).toHaveLength(1)
  })

  it('goes when its time is over, a little at every match', () => {
    const states = new RuleStates(0, 1000)
    judge(
      states,
      Array.from({ length: 50 }, (_, index) => match(`x${index}`, index)),
    )
    judge(
      states,
      Array.from({ length: 60 }, (_, index) => match('alice', HOUR + index * MINUTE)),
    )
    expect([states.size, states.forgotten.idle]).toEqual([1, 50])
  })

  it('goes when its rule is gone for longer than a week', () => {
    const states = new RuleStates(0, 1000)
    judge(states, [match('alice', 0, { rule: 'removed' })])
    judge(
      states,
      Array.from({ length: 3 }, () => match('alice', 9 * 24 * HOUR)),
    )
    expect(states.changes().find(({ key }) => key === 'default/live/removed/lane')?.value).toBeNull()
  })

  it('is the same for a successor at whatever record it takes over: the same findings, forgotten in the same order', () => {
    const who = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
    const row = fc.tuple(who, fc.integer({ min: -5, max: 20 }))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 4 }), (rows, cuts) => {
        let at = HOUR
        const matches = rows.map(([name, minutes], index) => {
          at += Math.max(0, minutes) * MINUTE
          return match(name, at + Math.min(0, minutes) * MINUTE + index)
        })
        const whole = new RuleStates(0, 4)
        const expected = judge(whole, matches)
        let states = new RuleStates(0, 4)
        const changes: ReturnType<RuleStates['changes']>[] = []
        const found: unknown[] = []
        let from = 0
        for (const cut of [...cuts.filter((each) => each < matches.length), matches.length].sort(
          (a, b) => a - b,
        )) {
          found.push(...judge(states, matches.slice(from, cut)))
          changes.push(states.changes())
          states = successor(changes, 4)
          from = cut
        }
        expect(JSON.stringify(found)).toBe(JSON.stringify(expected))
        expect(states.size).toBe(whole.size)
      }),
      { numRuns: 300 },
    )
  })

  it('is not read when it is damaged', () => {
    const states = new RuleStates(0, 10)
    const key = 'default/live/many/group/many/0'
    expect(() => states.restore(key, Buffer.from('{"events":7}'))).toThrow(
      expect.objectContaining({ code: 'ERR_STATE_UNREADABLE' }),
    )
    expect(() => states.restore('default/live/many/lane', Buffer.from('no json'))).toThrow(/can't be read/)
  })

  it('begins anew where the rule counts otherwise, and goes on with the story that is told', () => {
    const states = new RuleStates(0, 10)
    const [first] = judge(states, [match('mallory', 0), match('mallory', 1), match('mallory', 2)])
    if (told === undefined) throw new Error('the rule tells nothing')
    const passed = { late: 0, ungrouped: 0, crowded: 0 }
    const edited = { ...told, edition: 'other' }
    const next = (at: number) => judgeMatch(states, edited, match('mallory', at), 10, passed)
    expect([next(MINUTE).fired, next(MINUTE + 1).fired]).toEqual([false, false])
    const { finding } = next(6 * MINUTE)
    expect(finding).toMatchObject({ id: first?.id, revision: 2 })
  })
})
