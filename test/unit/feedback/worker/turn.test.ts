import { describe, expect, it } from 'vitest'
import type { Alert } from '../../../../schemas/alert.ts'
import { verdictOn } from '../../../../services/feedback/verdicts.ts'
import type { OutRecord } from '../../../../services/runtime/log/event-log.ts'
import { MORNING_MS, finding, instant, subject } from '../../../support/scoring/findings.ts'
import { Desk } from '../../../support/feedback/ledger-desk.ts'

const HOUR_MS = 3_600_000

function alertsOf(records: readonly OutRecord[]): Alert[] {
  return records
    .filter((record) => record.topic.name === 'alerts.outbox.v1')
    .map((record) => JSON.parse(String(record.value)))
}

const session = { type: 'session' as const, id: 'sess-1' }
const source = { type: 'source' as const, id: '198.51.100.0/24' }

describe('whom a finding concerns', () => {
  it('the session takes all of a subject’s finding, the device and the source half', () => {
    const desk = new Desk()
    desk.take(finding({ entities: [session, { type: 'device', id: 'laptop-1' }, source] }))
    expect(desk.state('subject', 'user:alice')?.score).toBe(81.8)
    expect(desk.state('session', 'sess-1')?.score).toBe(81.8)
    expect(desk.state('device', 'laptop-1')?.score).toBe(22.3)
    expect(desk.state('source', '198.51.100.0/24')?.score).toBe(22.3)
  })

  it('the fifty accounts that a spray tries are not held against their owners', () => {
    const desk = new Desk()
    const victims = Array.from({ length: 50 }, (_, i) => subject(`victim-${i}`))
    desk.take(
      finding({
        cause: 'credential',
        detector: { id: 'spray', version: 1 },
        entity: source,
        entities: victims,
      }),
    )
    expect(desk.state('source', source.id)?.level).toBe('HIGH')
    expect([...desk.book.states.keys()]).toEqual(['default/source/198.51.100.0/24'])
    expect(desk.open[0]).toMatchObject({ entities_total: 51, suspects: [source] })
  })

  it('what people do in an office is not held against the office', () => {
    const desk = new Desk({ min_count: 1000 })
    for (let i = 0; i < 10; i++) {
      const cause = (['rate', 'path', 'data'] as const)[i % 3] ?? 'rate'
      desk.take(finding({ id: `f-${i}`, cause, entity: subject(`u${i}`), entities: [source] }))
    }
    expect(desk.state('source', source.id)).toBeUndefined()
  })

  it('of several networks a finding accuses none: one may be the owner’s', () => {
    const desk = new Desk()
    const elsewhere = { type: 'source' as const, id: '203.0.113.0/24' }
    desk.take(finding({ entities: [source, elsewhere] }))
    expect(desk.state('source', source.id)).toBeUndefined()
    expect(desk.state('source', elsewhere.id)).toBeUndefined()
  })

  it('the account that gave way to a spray is', () => {
    const desk = new Desk()
    desk.take(
      finding({
        cause: 'credential',
        detector: { id: 'spray', version: 1 },
        entity: source,
        entities: [subject('victim-1'), subject('victim-2')],
        evidence: { gave_way: true, gave_way_subject: 'user:victim-2' },
      }),
    )
    expect(desk.state('subject', 'user:victim-2')?.level).toBe('MEDIUM')
    expect(desk.state('subject', 'user:victim-1')).toBeUndefined()
  })
})

describe('circuit breaker', () => {
  it('restricts up to the limit, withholds beyond it, and tells a person once', () => {
    const desk = new Desk({ min_count: 3, share: 0.1, knownSubjects: () => 20 })
    const alerts = Array.from({ length: 6 }, (_, i) =>
      alertsOf(desk.take(finding({ id: `f-${i}`, entity: subject(`u${i}`) }))),
    ).flat()
    const levels = Array.from({ length: 6 }, (_, i) => desk.state('subject', `user:u${i}`))
    expect(levels.map((s) => s?.level)).toEqual(['HIGH', 'HIGH', 'HIGH', 'LOW', 'LOW', 'LOW'])
    expect(levels.map((s) => s?.withheld)).toEqual([
      null,
      null,
      null,
      'circuit_breaker',
      'circuit_breaker',
      'circuit_breaker',
    ])
    expect(alerts.filter((alert) => alert.kind === 'circuit_breaker')).toHaveLength(1)
  })

  it('a share of a large tenant is more than the least count', () => {
    const desk = new Desk({ min_count: 3, share: 0.1, knownSubjects: () => 50 })
    for (let i = 0; i < 6; i++) desk.take(finding({ id: `f-${i}`, entity: subject(`u${i}`) }))
    expect([...desk.book.states.values()].filter((s) => s.level === 'HIGH')).toHaveLength(5)
  })

  it('does not stop what is restricted already from rising, nor what a person decides', () => {
    const desk = new Desk({ min_count: 1, share: 0, knownSubjects: () => 20 })
    desk.take(finding({ entity: subject('u0'), evidence_nats: 4 }))
    expect(desk.state('subject', 'user:u0')?.level).toBe('MEDIUM')
    desk.take(finding({ id: 'f-2', entity: subject('u0'), cause: 'credential' }))
    expect(desk.state('subject', 'user:u0')?.required_action).toBe('revoke')
    desk.say(
      verdictOn('default', subject('u9'), {
        verdict: 'confirm_compromised',
        note: '',
        analyst: 'bob',
        decided_at: instant(MORNING_MS),
      }),
    )
    expect(desk.state('subject', 'user:u9')?.required_action).toBe('revoke')
  })

  it('lets restrictions begin again when the hour is over, and resolves its alert', () => {
    const desk = new Desk({ min_count: 1, share: 0 })
    desk.take(finding({ entity: subject('u0') }))
    desk.take(finding({ id: 'f-2', entity: subject('u1') }))
    expect(desk.state('subject', 'user:u1')?.withheld).toBe('circuit_breaker')
    const later = desk.wait(MORNING_MS + HOUR_MS)
    expect(alertsOf(later).find((a) => a.kind === 'circuit_breaker')?.state).toBe('resolved')
    desk.take(finding({ id: 'f-2', revision: 2, entity: subject('u1'), at_ms: MORNING_MS + HOUR_MS }))
    expect(desk.state('subject', 'user:u1')).toMatchObject({ level: 'HIGH', withheld: null })
  })

  it('tenants have limits of their own', () => {
    const desk = new Desk({ min_count: 1, share: 0 })
    desk.take(finding({ tenant: 'one' }), finding({ tenant: 'two' }))
    expect(desk.state('subject', 'user:alice', 'one')?.level).toBe('HIGH')
    expect(desk.state('subject', 'user:alice', 'two')?.level).toBe('HIGH')
  })
})

describe('never restricted', () => {
  it('a break-glass subject, nor its session', () => {
    const desk = new Desk({ isBreakGlass: (_tenant, id) => id === 'user:alice' })
    desk.take(finding({ entities: [session] }))
    expect(desk.state('subject', 'user:alice')).toMatchObject({
      level: 'LOW',
      score: 81.8,
      withheld: 'break_glass',
    })
    expect(desk.state('session', 'sess-1')).toMatchObject({ level: 'LOW', withheld: 'break_glass' })
  })

  it('imported history: it has stories and scores, and neither restricts nor pages', () => {
    const desk = new Desk()
    const records = desk.take(finding({ tenant: 'import', origin: 'import', at_ms: MORNING_MS - 9e10 }))
    expect(desk.state('subject', 'user:alice', 'import')).toMatchObject({ level: 'LOW', withheld: 'import' })
    expect(desk.open).toMatchObject([{ tenant: 'import', risk_level: 'HIGH', response: 'none' }])
    expect(alertsOf(records)).toEqual([])
  })

  it('imported history does both when the configuration says so', () => {
    const desk = new Desk({ page: { level: 'HIGH', act_on_import: true } })
    const records = desk.take(finding({ tenant: 'import', origin: 'import' }))
    expect(desk.state('subject', 'user:alice', 'import')?.level).toBe('HIGH')
    expect(alertsOf(records)).toHaveLength(1)
  })
})

describe('stories', () => {
  it('joins what one person’s session, device and account show within an hour', () => {
    const desk = new Desk()
    desk.take(finding({ entities: [session] }))
    desk.take(finding({ id: 'f-2', cause: 'path', entity: session, at_ms: MORNING_MS + 600_000 }))
    expect(desk.open).toMatchObject([
      { findings_total: 2, finding_ids: ['f-1', 'f-2'], causes: ['location', 'path'] },
    ])
  })

  it('keeps apart two people who share an office address', () => {
    const desk = new Desk()
    desk.take(finding({ entities: [source] }))
    desk.take(finding({ id: 'f-2', technique: 'T1213', entity: subject('bob'), entities: [source] }))
    expect(desk.open).toHaveLength(2)
  })

  it('a spray and the account that it took are one story, whichever is found first', () => {
    const spray = finding({
      id: 'f-spray',
      cause: 'credential',
      technique: 'T1110.003',
      entity: source,
      entities: [subject('v1')],
    })
    const taken = finding({
      id: 'f-taken',
      cause: 'credential',
      technique: 'T1110',
      entity: subject('carol'),
      entities: [source],
    })
    for (const order of [
      [spray, taken],
      [taken, spray],
    ]) {
      const desk = new Desk()
      desk.take(...order)
      expect(desk.open).toHaveLength(1)
    }
  })

  it('merges two stories when a finding shows that they are one', () => {
    const desk = new Desk()
    desk.take(finding({ entities: [] }), finding({ id: 'f-2', entity: { type: 'device', id: 'laptop-1' } }))
    expect(desk.open).toHaveLength(2)
    const [first] = desk.open
    const records = desk.take(
      finding({ id: 'f-3', cause: 'path', entities: [{ type: 'device', id: 'laptop-1' }] }),
    )
    expect(desk.open).toMatchObject([
      { id: first?.id, finding_ids: ['f-1', 'f-3', 'f-2'], findings_total: 3 },
    ])
    expect(desk.closed).toMatchObject([{ state: 'merged', merged_into: first?.id }])
    expect(alertsOf(records).map((a) => a.state)).toContain('resolved')
  })

  it('a later happening of the same person is another story', () => {
    const desk = new Desk()
    desk.take(finding())
    desk.now_ms += 3 * HOUR_MS
    desk.take(finding({ id: 'f-2', at_ms: desk.now_ms }))
    expect(desk.open).toHaveLength(2)
  })

  it('nobody is one person: anonymous subjects do not join', () => {
    const desk = new Desk()
    const nobody = { type: 'subject' as const, id: 'anonymous:anonymous' }
    desk.take(finding({ entity: source, entities: [nobody] }))
    desk.take(finding({ id: 'f-2', entity: { type: 'source', id: '203.0.113.0/24' }, entities: [nobody] }))
    expect(desk.open).toHaveLength(2)
  })

  it('closes when it is quiet, at the time that it fell quiet, and resolves its alert', () => {
    const desk = new Desk()
    desk.take(finding())
    expect(
      desk.wait(MORNING_MS + 6 * HOUR_MS - 1).filter((r) => r.topic.name === 'access.stories.v1'),
    ).toEqual([])
    const records = desk.wait(MORNING_MS + 6 * HOUR_MS)
    expect(desk.closed).toMatchObject([
      { state: 'closed', verdict: null, closed_at: instant(MORNING_MS + 6 * HOUR_MS) },
    ])
    expect(alertsOf(records)).toMatchObject([{ state: 'resolved', revision: 2 }])
  })

  it('history closes by its own time, not by the wall clock', () => {
    const desk = new Desk()
    desk.take(finding({ origin: 'import', at_ms: MORNING_MS - 9e10 }))
    desk.wait(MORNING_MS + 1000)
    expect(desk.open).toHaveLength(1)
    desk.take(
      finding({
        id: 'f-2',
        origin: 'import',
        entity: subject('bob'),
        at_ms: MORNING_MS - 9e10 + 7 * HOUR_MS,
      }),
    )
    desk.wait(MORNING_MS + 2000)
    expect(desk.open.map((story) => story.finding_ids)).toEqual([['f-2']])
  })

  it('two MEDIUM findings that are HIGH together make a HIGH story', () => {
    const desk = new Desk()
    desk.take(finding({ evidence_nats: 4, risk_level: 'MEDIUM' }))
    const records = desk.take(
      finding({ id: 'f-2', cause: 'credential', evidence_nats: 4, risk_level: 'MEDIUM' }),
    )
    expect(desk.open).toMatchObject([{ risk_level: 'HIGH', response: 'revoke' }])
    expect(alertsOf(records)).toHaveLength(1)
  })

  it('too many open stories: the one told longest ago is closed', () => {
    const desk = new Desk({
      stories: { join_gap_ms: 1, quiet_ms: HOUR_MS, max_age_ms: HOUR_MS, max_open: 10 },
    })
    for (let i = 0; i < 12; i++) desk.take(finding({ id: `f-${i}`, entity: subject(`u${i}`) }))
    desk.wait(MORNING_MS + 1)
    expect(desk.open).toHaveLength(10)
    expect(desk.closed.map((s) => s.finding_ids[0])).toEqual(['f-0', 'f-1'])
  })
})

describe('stories that are over', () => {
  it('are removed after a month, and can be judged until then', () => {
    const desk = new Desk()
    desk.take(finding())
    desk.wait(MORNING_MS + 7 * HOUR_MS)
    const [story] = desk.closed
    if (!story) throw new Error('no story')
    expect(
      desk.wait(MORNING_MS + 29 * 24 * HOUR_MS).filter((r) => r.topic.name === 'access.stories.v1'),
    ).toEqual([])
    const removed = desk
      .wait(MORNING_MS + 31 * 24 * HOUR_MS)
      .filter((r) => r.topic.name === 'access.stories.v1')
    expect(removed).toEqual([expect.objectContaining({ key: `default/${story.id}`, value: null })])
  })
})

describe('one alert a story', () => {
  it('none below the level that pages, one when it rises there, none for more of the same', () => {
    const desk = new Desk()
    expect(alertsOf(desk.take(finding({ evidence_nats: 4, risk_level: 'MEDIUM' })))).toEqual([])
    const first = alertsOf(desk.take(finding({ revision: 2, at_ms: MORNING_MS + 1000 })))
    expect(first).toMatchObject([{ revision: 1, state: 'firing', severity: 'critical' }])
    expect(alertsOf(desk.take(finding({ revision: 3, at_ms: MORNING_MS + 2000 })))).toEqual([])
    const revoked = alertsOf(desk.take(finding({ id: 'f-2', cause: 'credential' })))
    expect(revoked).toMatchObject([{ id: first[0]?.id, revision: 2, response: 'revoke' }])
  })

  it('a verdict resolves it and says how it was judged', () => {
    const desk = new Desk()
    desk.take(finding())
    const [story] = desk.open
    if (!story) throw new Error('no story')
    const records = desk.judge(story, 'confirm_safe')
    expect(alertsOf(records)).toMatchObject([{ state: 'resolved', advice: 'Judged: confirm_safe.' }])
    expect(desk.state('subject', 'user:alice')).toMatchObject({ level: 'LOW', causes: [] })
  })
})

describe('verdicts on stories', () => {
  it('confirm_compromised on a spray revokes its suspects, not the accounts that it tried', () => {
    const desk = new Desk()
    desk.take(finding({ entity: source, entities: [subject('v1'), subject('v2')] }))
    const [story] = desk.open
    if (!story) throw new Error('no story')
    desk.judge(story, 'confirm_compromised')
    expect([...desk.book.states.keys()]).toEqual(['default/source/198.51.100.0/24'])
    expect(desk.closed).toMatchObject([{ state: 'closed', verdict: 'confirm_compromised', owner: 'bob' }])
  })

  it('what was judged safe is not told again when it goes on; what only fell quiet is', () => {
    const judged = new Desk()
    judged.take(finding())
    const [story] = judged.open
    if (!story) throw new Error('no story')
    judged.judge(story, 'confirm_safe')
    expect(judged.take(finding({ revision: 2, at_ms: MORNING_MS + 600_000 }))).toEqual([])

    const quiet = new Desk()
    quiet.take(finding())
    quiet.wait(MORNING_MS + 7 * HOUR_MS)
    quiet.take(finding({ revision: 2, at_ms: MORNING_MS + 7 * HOUR_MS }))
    expect(quiet.open).toHaveLength(1)
  })

  it('a story may be judged after it closed, and judged again', () => {
    const desk = new Desk()
    desk.take(finding())
    desk.wait(MORNING_MS + 7 * HOUR_MS)
    const [closed] = desk.closed
    if (!closed) throw new Error('no story')
    desk.judge(closed, 'confirm_compromised')
    expect(desk.state('subject', 'user:alice')?.required_action).toBe('revoke')
    desk.judge(closed, 'confirm_safe')
    expect(desk.state('subject', 'user:alice')?.level).toBe('LOW')
    expect(desk.closed).toMatchObject([{ verdict: 'confirm_safe' }])
  })
})

describe('bounds', () => {
  it('an entity that ten findings of a batch touch is written once', () => {
    const desk = new Desk()
    const records = desk.take(...Array.from({ length: 10 }, (_, i) => finding({ id: `f-${i}` })))
    expect(records.filter((record) => record.topic.name === 'risk.state.v1')).toHaveLength(1)
    expect(records.filter((record) => record.topic.name === 'access.stories.v1')).toHaveLength(1)
  })

  it('forgets the calmest when there are too many entities, never a restricted one', () => {
    const desk = new Desk({ max_entities: 100, min_count: 10, share: 0 })
    for (let i = 0; i < 120; i++)
      desk.take(finding({ id: `f-${i}`, entity: subject(`u${i}`), evidence_nats: i < 5 ? 5.5 : 1 }))
    desk.wait(MORNING_MS + 1)
    expect(desk.book.states.size).toBeLessThanOrEqual(105)
    for (let i = 0; i < 5; i++) expect(desk.state('subject', `user:u${i}`)?.level).toBe('HIGH')
  })

  it('a story of a thousand findings stays within its contract', () => {
    const desk = new Desk()
    for (let i = 0; i < 1000; i++)
      desk.take(
        finding({ id: `f-${i}`, entities: [{ type: 'session', id: `s-${i}` }], at_ms: MORNING_MS + i }),
      )
    const [story] = desk.open
    expect(story).toMatchObject({ findings_total: 1000 })
    expect(story?.finding_ids).toHaveLength(100)
    expect(story?.finding_ids[0]).toBe('f-0')
    expect(story?.entities).toHaveLength(100)
  })
})
