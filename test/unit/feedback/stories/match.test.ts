import { describe, expect, it } from 'vitest'
import type { Entity } from '../../../../schemas/entity.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import { MORNING_MS, finding, instant, subject } from '../../../support/scoring/findings.ts'
import { Desk } from '../../../support/feedback/ledger-desk.ts'

const MINUTE_MS = 60_000
const office = { type: 'source' as const, id: '192.0.2.0/24' }
const far = { type: 'source' as const, id: '198.51.100.0/24' }
const farther = { type: 'source' as const, id: '203.0.113.0/24' }
const accounts = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']

function nameOf(source: Entity): string {
  return source.id.replace('/24', '')
}

function at(minute: number): number {
  return MORNING_MS + minute * MINUTE_MS
}

function travel(who: string, minute: number, sources = [far, office], session = `s-${who}`): Finding {
  return finding({
    id: `travel-${who}-${minute}`,
    entity: subject(who),
    entities: [{ type: 'session', id: session }, ...sources],
    at_ms: at(minute),
    summary: 'Seen in two places at once.',
  })
}

function probing(who: string, minute: number, sources = [office]): Finding {
  return finding({
    id: `denied-${who}`,
    detector: { id: 'denied-burst', version: 1 },
    cause: 'rate',
    technique: 'T1526',
    entity: subject(who),
    entities: sources,
    at_ms: at(minute),
    summary: 'Refused about 30 times within minutes; usual is 0.',
  })
}

function spray(from: number, source = far, changes: Partial<Finding> & { at_ms?: number } = {}): Finding {
  return finding({
    id: `spray-${nameOf(source)}`,
    detector: { id: 'spray', version: 1 },
    cause: 'credential',
    technique: 'T1110.003',
    entity: source,
    entities: accounts.map(subject),
    at_ms: at(from),
    first_observed_at: instant(at(from)),
    evidence: { success_share: 0, gave_way: false, gave_way_subject: null },
    summary: `Sign-ins failed for 10 accounts from ${source.id} within an hour.`,
    ...changes,
  })
}

function gaveWay(who: string, from: number, minute: number, source = far): Finding {
  return spray(from, source, {
    revision: 2,
    at_ms: at(minute),
    first_observed_at: instant(at(from)),
    evidence: { success_share: 0, gave_way: true, gave_way_subject: `user:${who}` },
  })
}

function guessed(who: string, minute: number, source = far, evidence: Finding['evidence'] = {}): Finding {
  return finding({
    id: `guessed-${who}`,
    detector: { id: 'success-after-failures', version: 1 },
    cause: 'credential',
    technique: 'T1110',
    entity: subject(who),
    entities: [source],
    at_ms: at(minute),
    evidence,
  })
}

/** The findings of each open story, after all of these came in this order. */
function told(...findings: Finding[]): string[][] {
  const desk = new Desk({ min_count: 1000 })
  for (const one of findings) {
    desk.now_ms = Math.max(desk.now_ms, Date.parse(one.observed_at))
    desk.take(one)
  }
  return desk.open
    .map(({ finding_ids }) => finding_ids.toSorted((a, b) => a.localeCompare(b)))
    .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))
}

describe('a spray', () => {
  it('is one story, and the accounts that it only touched pull nothing of theirs into it', () => {
    const spraying = spray(0)
    const others = [probing('bob', -20), travel('carol', 5, [farther, office]), travel('dave', 10, [office])]
    const all = [spraying, ...others]
    for (let turn = 0; turn < all.length; turn++) {
      const order = [...all.slice(turn), ...all.slice(0, turn)]
      expect(told(...order)).toEqual([['denied-bob'], [spraying.id], ['travel-carol-5'], ['travel-dave-10']])
    }
  })

  it('a touched account whose own findings list every network that was refused joins none of them', () => {
    expect(told(spray(0), spray(5, farther), probing('bob', 8, [office, far, farther]))).toEqual([
      ['denied-bob'],
      [`spray-${nameOf(far)}`],
      [`spray-${nameOf(farther)}`],
    ])
  })

  it('the account that gave way belongs to it, whichever is found first', () => {
    const first = spray(0)
    const taken = gaveWay('judy', 0, 4)
    const after = travel('judy', 4)
    for (const order of [
      [first, taken, after],
      [first, after, taken],
    ])
      expect(told(...order)).toEqual([[first.id, after.id]])
  })

  it('what the account did before the spray began stays a story of its own', () => {
    const before = probing('judy', -30)
    expect(told(before, spray(0), gaveWay('judy', 0, 4), travel('judy', 4))).toEqual([
      ['denied-judy'],
      [`spray-${nameOf(far)}`, 'travel-judy-4'],
    ])
  })

  it('two sprays that got into the same account are two stories', () => {
    const stories = told(
      spray(0),
      gaveWay('judy', 0, 4),
      spray(10, farther),
      gaveWay('judy', 10, 14, farther),
      travel('judy', 15, [farther]),
    )
    expect(stories).toEqual([[`spray-${nameOf(far)}`], [`spray-${nameOf(farther)}`, 'travel-judy-15']])
  })

  it('a password that was guessed from its network belongs to it; one from elsewhere does not', () => {
    expect(told(guessed('bob', 0), spray(3), guessed('carol', 5, farther))).toEqual([
      ['guessed-bob', `spray-${nameOf(far)}`],
      ['guessed-carol'],
    ])
  })

  it('from where many people work takes in nobody who mistyped there', () => {
    const noisy = spray(0, office, { evidence: { success_share: 0.4 } })
    expect(told(noisy, guessed('bob', 2, office))).toEqual([['guessed-bob'], [noisy.id]])
  })
})

describe('people', () => {
  it('travel of different people is different stories, from one far network and one office too', () => {
    const people = ['alice', 'bob', 'carol', 'dave']
    expect(told(...people.map((who, index) => travel(who, index)))).toEqual(
      people.map((who, index) => [`travel-${who}-${index}`]),
    )
  })

  it('colleagues who mistype in one office are different stories', () => {
    expect(told(guessed('alice', 0, office), guessed('bob', 1, office))).toEqual([
      ['guessed-alice'],
      ['guessed-bob'],
    ])
  })

  it('what one person does within an hour is one story, across their networks', () => {
    expect(told(probing('alice', 0), travel('alice', 30), guessed('alice', 50))).toEqual([
      ['denied-alice', 'guessed-alice', 'travel-alice-30'],
    ])
  })

  it('a session joins a person’s findings, a shared device does not join two people', () => {
    const kiosk = { type: 'device' as const, id: 'kiosk' }
    const ofSession = finding({ id: 'session', entity: { type: 'session', id: 's-alice' }, at_ms: at(3) })
    const alice = finding({
      id: 'a',
      entity: subject('alice'),
      entities: [kiosk, { type: 'session', id: 's-alice' }],
    })
    const bob = finding({ id: 'b', entity: subject('bob'), entities: [kiosk] })
    expect(told(alice, bob, ofSession)).toEqual([['a', 'session'], ['b']])
  })

  it('who was in it this morning is not in it tonight, though the story goes on', () => {
    const findings = [spray(0), gaveWay('judy', 0, 1)]
    for (let minute = 30; minute <= 180; minute += 30)
      findings.push(spray(0, far, { revision: minute, at_ms: at(minute), first_observed_at: instant(at(0)) }))
    expect(told(...findings, travel('judy', 181, [farther]))).toEqual([
      [`spray-${nameOf(far)}`],
      ['travel-judy-181'],
    ])
  })
})

it('an hour of attacks on fifty people from sixteen networks stays as many stories as there were attacks or fewer, none with two networks', () => {
  const desk = new Desk({ min_count: 1000 })
  for (let attack = 0; attack < 120; attack++) {
    const source = { type: 'source' as const, id: `198.18.${attack % 16}.0/24` }
    const victim = `person-${(attack * 7) % 50}`
    const minute = attack / 2
    desk.now_ms = at(minute)
    if (attack % 5 === 0) {
      const id = `spray-${attack}`
      desk.take(
        spray(minute, source, { id, entities: Array.from({ length: 50 }, (_, i) => subject(`person-${i}`)) }),
      )
      desk.take({ ...gaveWay(victim, minute, minute, source), id })
    }
    if (attack % 5 === 1) desk.take({ ...guessed(victim, minute, source), id: `guessed-${attack}` })
    if (attack % 5 === 2) desk.take({ ...probing(victim, minute), id: `denied-${attack}` })
    desk.take({ ...travel(victim, minute, [source, office], `session-${attack}`), id: `travel-${attack}` })
  }
  expect(desk.open.length).toBeGreaterThan(30)
  for (const { actors = [], findings_total } of desk.open) {
    expect(
      actors.filter(({ type, role }) => type === 'source' && role === 'accused').length,
    ).toBeLessThanOrEqual(1)
    expect(findings_total).toBeLessThan(30)
  }
})
