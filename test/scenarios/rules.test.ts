import { describe, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { DAY, decisionOf, HOUR, MINUTE, story } from '../support/scoring/play.ts'
import { foundBy, playStory, rulesOf, ruleText } from '../support/scoring/rules.ts'

const refused = ruleText('{ s: { outcome: deny }, condition: s }')
  .replace('name: it', 'name: refused')
  .trimEnd()
const permitted = ruleText('{ s: { outcome: permit }, condition: s }')
  .replace('name: it', 'name: permitted')
  .trimEnd()
const many = `title: Refused again and again
name: many
level: high
tags: [attack.t1110.001]
description: Somebody tries doors.
falsepositives: [A broken client]
correlation: { type: event_count, rules: [refused], group-by: [subject.id], timespan: 10m, condition: { gte: 5 } }
`
const denied = (who: string, fromMs: number, everyMs: number, times: number, ip?: string) => ({
  who,
  fromMs,
  everyMs,
  times,
  each: () => ({ outcome: 'deny' as const, ...(ip === undefined ? {} : { context: { ip } }) }),
})

describe('rules: a count', () => {
  const set = rulesOf(`${refused}\n---\n${many}`)

  it('finds mallory with the fifth refusal within ten minutes, and goes on telling; not alice, who is refused every three', () => {
    const { findings } = playStory(
      set,
      story(denied('mallory', HOUR, 30_000, 20), denied('alice', 0, 3 * MINUTE, 40), {
        who: 'bob',
        times: 100,
      }),
    )
    expect(foundBy(findings)).toEqual(['rule-many user:mallory'])
    expect(
      findings.map(({ revision, observed_at, decisions_total }) => [revision, observed_at, decisions_total]),
    ).toEqual([
      [1, '2026-01-01T01:02:00.000Z', 5],
      [2, '2026-01-01T01:07:00.000Z', 15],
    ])
    expect(new Set(findings.map(({ id }) => id)).size).toBe(1)
    expect(findings[0]).toMatchObject({
      detector: { id: 'rule-many', version: 1 },
      cause: 'path',
      technique: 'T1110.001',
      risk_level: 'HIGH',
      evidence_nats: 5.5,
      summary: 'Rule: Refused again and again: 5 decisions within 120 s.',
      evidence: {
        rule: 'many',
        rule_set: set.version,
        observed: 5,
        needed: 5,
        window_s: 600,
        'subject.id': 'mallory',
        description: 'Somebody tries doors.',
        false_positives: 'A broken client',
      },
    })
    expect(findings[0]?.decision_ids).toHaveLength(5)
  })

  it('is completed by a refusal that comes late, and leaves out one that comes too late', () => {
    const [first, ...rest] = story(denied('mallory', 0, MINUTE, 5))
    expect(foundBy(playStory(set, [...rest, first as Decision]).findings)).toEqual(['rule-many user:mallory'])
    const much = decisionOf('mallory', 11 * MINUTE, { outcome: 'permit' })
    const later = decisionOf('mallory', 16 * MINUTE, { outcome: 'deny' })
    const played = playStory(set, [...rest, much, later, first as Decision])
    expect(played.findings).toEqual([])
    expect(played.passed.late).toBe(1)
  })

  it('does not count what our own restriction refused', () => {
    const ours = story({
      who: 'mallory',
      times: 20,
      each: () => ({ outcome: 'deny', caused_by: 'risk_feedback' }),
    })
    expect(playStory(set, ours).findings).toEqual([])
  })

  it('counts imported history by itself', () => {
    const old = story({
      ...denied('mallory', 0, MINUTE, 3),
      each: () => ({ outcome: 'deny', origin: 'import' }),
    })
    const live = story(denied('mallory', 3 * MINUTE, MINUTE, 3))
    expect(playStory(set, [...old, ...live]).findings).toEqual([])
  })

  it('leaves decisions out that do not say what it groups by: nobody is found for all of them', () => {
    const byDevice = rulesOf(`${refused}\n---\n${many.replace('subject.id', 'device.id')}`)
    const played = playStory(byDevice, story(denied('mallory', 0, 1000, 20)))
    expect([played.findings.length, played.passed.ungrouped]).toEqual([0, 20])
  })
})

describe('rules: what a finding is about', () => {
  it('follows what is grouped by: a network with many accounts, each of them named', () => {
    const set = rulesOf(`${refused}\n---\ntitle: Many\nname: spread
correlation: { type: value_count, rules: [refused], group-by: [source.prefix], timespan: 1h, condition: { field: subject.id, gte: 3 } }`)
    const { findings } = playStory(
      set,
      story(
        denied('a', 0, MINUTE, 3, '203.0.113.9'),
        denied('b', MINUTE, MINUTE, 3, '203.0.113.10'),
        denied('c', 2 * MINUTE, MINUTE, 1, '203.0.113.11'),
        denied('alice', 0, MINUTE, 30, '192.0.2.10'),
      ),
    )
    expect(foundBy(findings)).toEqual(['rule-spread 203.0.113.0/24'])
    expect(findings[0]?.evidence['observed']).toBe(3)
  })

  it('is the network where nobody is known', () => {
    const anonymous = story({
      who: 'x',
      each: () => ({ outcome: 'deny', subject: { type: 'anonymous', id: 'anonymous' } }),
    })
    expect(foundBy(playStory(rulesOf(refused), anonymous).findings)).toEqual(['rule-refused 192.0.2.0/24'])
  })
})

describe('rules: one after the other', () => {
  const set = rulesOf(`${refused}\n---\n${permitted}\n---\n${many}\n---\ntitle: Then let in\nname: let-in
correlation: { type: temporal_ordered, rules: [many, permitted], group-by: [subject.id], timespan: 15m }`)

  it('finds mallory, who was refused five times and then let in; not bob, who was let in first, nor carol, whom somebody else follows', () => {
    const { findings } = playStory(
      set,
      story(
        denied('mallory', 0, 30_000, 5),
        { who: 'mallory', fromMs: 5 * MINUTE },
        { who: 'bob', fromMs: 0 },
        denied('bob', MINUTE, 30_000, 5),
        denied('carol', 0, 30_000, 5),
        { who: 'dave', fromMs: 5 * MINUTE },
        denied('erin', 0, 30_000, 5),
        { who: 'erin', fromMs: 40 * MINUTE },
      ),
    )
    expect(foundBy(findings)).toEqual(['rule-let-in user:mallory'])
    expect(findings[0]?.decision_ids).toHaveLength(6)
    expect(findings[0]?.summary).toBe('Rule: Then let in: 2 rules matched in order within 180 s.')
  })

  it('in any order finds bob too, and by an alias joins what stands in different fields', () => {
    const either = rulesOf(`${refused}\n---\n${permitted}\n---\ntitle: Both\nname: both
correlation:
  type: temporal
  rules: [refused, permitted]
  group-by: [who]
  timespan: 5m
  aliases: { who: { refused: device.id, permitted: subject.id } }`)
    const played = playStory(either, [
      decisionOf('bob', 0),
      decisionOf('carol', 1000),
      decisionOf('mallory', MINUTE, { outcome: 'deny', device: { id: 'bob' } }),
    ])
    expect(foundBy(played.findings)).toEqual(['rule-both user:mallory'])
  })

  it('two of three rules are enough where the condition says so: mallory, and not bob, whom one rule matches twice', () => {
    const other = permitted.replaceAll('permitted', 'stepped').replace('outcome: permit', 'outcome: step_up')
    const two = rulesOf(`${refused}\n---\n${permitted}\n---\n${other}\n---\ntitle: Two\nname: two
correlation: { type: temporal, rules: [refused, permitted, stepped], group-by: [subject.id], timespan: 5m, condition: { gte: 2 } }`)
    expect(two.problems).toEqual([])
    const { findings } = playStory(two, [
      decisionOf('mallory', 0, { outcome: 'step_up' }),
      decisionOf('mallory', MINUTE),
      decisionOf('bob', 0),
      decisionOf('bob', MINUTE),
    ])
    expect(foundBy(findings)).toEqual(['rule-two user:mallory'])
  })
})

describe('rules: how often they speak', () => {
  const set = rulesOf(`${refused}\ngatewatch: { findings_per_day: 2 }\n`)

  it('holds back what is more than its findings a day, says so in the last one and on the next day, and counts', () => {
    const names = ['a', 'b', 'c', 'd']
    const day = names.map((who, index) => denied(who, index * MINUTE, MINUTE, 3))
    const played = playStory(set, story(...day, denied('e', DAY, MINUTE, 1)))
    const opened = played.findings.filter(({ revision }) => revision === 1)
    expect(foundBy(opened)).toEqual(['rule-refused user:a', 'rule-refused user:b', 'rule-refused user:e'])
    expect(played.held.get('refused')).toBe(2)
    expect(
      opened.map(({ evidence }) => [evidence['last_of_the_day'], evidence['held_back_the_day_before']]),
    ).toEqual([
      [undefined, undefined],
      [true, undefined],
      [undefined, 2],
    ])
  })

  it('gives every tenant its own', () => {
    const tenants = ['one', 'two'].flatMap((tenant) =>
      story(...['a', 'b', 'c'].map((who) => ({ who, each: () => ({ tenant, outcome: 'deny' as const }) }))),
    )
    expect(playStory(set, tenants).findings).toHaveLength(4)
  })

  it('tells a rule of level low as LOW, and nothing of an informational one', () => {
    const low = playStory(rulesOf(`${refused}\nlevel: low\n`), story(denied('a', 0, 1000, 1))).findings
    expect(low.map(({ risk_level, evidence_nats }) => [risk_level, evidence_nats])).toEqual([['LOW', 2.5]])
    const critical = playStory(
      rulesOf(`${refused}\nlevel: critical\n`),
      story(denied('a', 0, 1000, 1)),
    ).findings
    expect(critical.map(({ risk_level, evidence_nats }) => [risk_level, evidence_nats])).toEqual([
      ['HIGH', 6],
    ])
    const none = playStory(rulesOf(`${refused}\nlevel: informational\n`), story(denied('a', 0, 1000, 3)))
    expect([none.findings.length, none.matched.get('refused')]).toEqual([0, 3])
  })
})
