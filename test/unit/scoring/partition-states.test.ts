import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decisionKey } from '../../../schemas/decision.ts'
import { accessDecisions, scoringState } from '../../../schemas/topics.ts'
import type { OutRecord, PartitionRecords } from '../../../services/runtime/log/event-log.ts'
import { PartitionStates } from '../../../services/scoring/partition-states.ts'
import { headOf, UnreadableState } from '../../../services/scoring/state/form/packed.ts'
import type { StateLimits } from '../../../services/scoring/state/store/roll.ts'
import { subjectStage } from '../../../services/scoring/worker.ts'
import { DAY, decisionOf, HOUR, testEnrich } from '../../support/scoring/play.ts'

const stage = subjectStage(testEnrich())
const ROOMY: StateLimits = { entities: 1000, idle_hours: 90 * 24, stranger_idle_hours: 7 * 24 }

function statesOf(limits: StateLimits, decoded = 100): PartitionStates {
  return new PartitionStates({
    stage: 'subject',
    topic: scoringState,
    partition: 0,
    limits,
    decoded,
    seed: 1,
  })
}

type Step = { who: string; atMs: number; refused?: boolean; tenant?: string }

function partOf(steps: readonly Step[]): PartitionRecords {
  const records = steps.map(({ who, atMs, refused = false, tenant = 'default' }, offset) => {
    const decision = decisionOf(who, atMs, {
      tenant,
      id: `${tenant}-${who}-${atMs}-${String(refused)}`,
      outcome: refused ? 'deny' : 'permit',
    })
    return {
      offset,
      key: decisionKey(decision),
      value: Buffer.from(JSON.stringify(decision)),
      headers: {},
      appended_ms: Date.parse('2030-01-01T00:00:00.000Z'),
    }
  })
  return { topic: accessDecisions, partition: 0, records, first_offset: 0, last_offset: records.length - 1 }
}

/** Feeds steps in batches cut anywhere, now and then restored from the changelog, now and then tried twice. */
function run(steps: readonly Step[], limits: StateLimits, cuts: readonly number[], harsh: boolean) {
  const log: OutRecord[] = []
  let states = statesOf(limits, harsh ? 2 : 100)
  let turn = 0
  for (let from = 0; from < steps.length; turn++) {
    const to = from + Math.max(1, cuts[turn % cuts.length] ?? 1)
    const part = partOf(steps.slice(from, to))
    if (harsh && turn % 3 === 1) {
      stage.process(part, states)
      states.rollback()
    }
    const { outputs } = stage.process(part, states)
    states.commit()
    log.push(...outputs)
    if (harsh && turn % 4 === 2) states = restored(log, limits)
    from = to
  }
  const newest = new Map<string, string>()
  const scored: string[] = []
  for (const { topic, key, value } of log) {
    if (topic !== scoringState) {
      scored.push(`${key} ${String(value)}`)
      continue
    }
    newest.delete(key)
    if (value !== null) newest.set(key, Buffer.from(value).toString('latin1'))
  }
  return { scored, newest, states, log }
}

function restored(log: readonly OutRecord[], limits: StateLimits): PartitionStates {
  const states = statesOf(limits, 2)
  for (const { topic, key, value } of log) {
    if (topic === scoringState) states.restore(key, value === null ? null : Buffer.from(value))
  }
  states.restored()
  return states
}

describe('the state of a partition', () => {
  const step = fc.record({
    who: fc.nat(12).map((n) => `p${n}`),
    gapMs: fc.oneof(
      fc.constant(1000),
      fc.constant(20 * 60_000),
      fc.constant(9 * HOUR),
      fc.constant(-5 * 60_000),
    ),
    refused: fc.boolean(),
    tenant: fc.constantFrom('default', 'default', 'other'),
  })
  const tight: StateLimits = { entities: 6, idle_hours: 40, stranger_idle_hours: 5 }

  it('gives the same scores and the same changelog wherever batches end, fail, or state is restored', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        (some, cuts) => {
          let atMs = DAY
          const steps = some.map(({ who, gapMs, refused, tenant }) => {
            atMs += gapMs
            return { who, atMs, refused, tenant }
          })
          const whole = run(steps, tight, [steps.length], false)
          const cut = run(steps, tight, cuts, true)
          expect(cut.scored).toEqual(whole.scored)
          // Order as well: who is forgotten next depends on it.
          expect(orders(cut.newest)).toEqual(orders(whole.newest))
          expect(whole.states.size).toBeLessThanOrEqual(tight.entities)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('forgets who was idle for long, strangers sooner, and tells the changelog', () => {
    const { newest, states, log } = run(
      [
        { who: 'alice', atMs: 0 },
        { who: 'guessed', atMs: 0, refused: true },
        { who: 'bob', atMs: 8 * DAY },
        { who: 'bob', atMs: 80 * DAY },
        { who: 'bob', atMs: 91 * DAY },
      ],
      ROOMY,
      [1],
      false,
    )
    expect(log.filter(({ value }) => value === null).map(({ key }) => key)).toEqual([
      'subject/default/subject/user:guessed',
      'subject/default/subject/user:alice',
    ])
    expect(entitiesOf(newest)).toEqual(['user:bob'])
    expect(states.forgotten).toEqual({ idle: 2, full: 0 })
  })

  it('does not hold imported history against the clock of those who are live', () => {
    const { newest } = run(
      [
        { who: 'alice', atMs: 300 * DAY },
        { who: 'carol', atMs: 0, tenant: 'import' },
        { who: 'carol', atMs: HOUR, tenant: 'import' },
        { who: 'alice', atMs: 300 * DAY + HOUR },
      ],
      ROOMY,
      [1],
      false,
    )
    expect(entitiesOf(newest)).toEqual(['user:alice', 'user:carol'])
  })

  it('full, forgets guessed names before people, and of people who was seen longest ago', () => {
    const limits = { ...ROOMY, entities: 10 }
    const people = Array.from({ length: 9 }, (_, who) => ({ who: `person-${who}`, atMs: who * 1000 }))
    const guesses = Array.from({ length: 500 }, (_, who) => ({
      who: `guess-${who}`,
      atMs: 60_000 + who * 100,
      refused: true,
    }))
    const flooded = run([...people, ...guesses], limits, [7], false)
    expect(entitiesOf(flooded.newest).filter((id) => id.startsWith('user:person'))).toHaveLength(9)
    expect(flooded.states.size).toBe(10)
    const more = [
      { who: 'dora', atMs: HOUR },
      { who: 'erik', atMs: HOUR + 1 },
    ]
    const crowded = run([...people, ...guesses, ...more], limits, [7], false)
    expect(entitiesOf(crowded.newest)).not.toContain('user:person-0')
    expect(entitiesOf(crowded.newest)).toContain('user:erik')
  })

  it('is refused where a record is of a newer form or damaged, with what is wrong', () => {
    const { log } = run([{ who: 'alice', atMs: 0 }], ROOMY, [1], false)
    const record = log.find(({ key }) => key.includes('user:alice') && key.startsWith('subject/'))
    const good = Buffer.from(record?.value ?? '')
    const newer = Buffer.from(good)
    newer[0] = 3
    const damaged = Buffer.from(good)
    damaged[40] = (damaged[40] ?? 0) ^ 1
    const states = statesOf(ROOMY)
    expect(() => states.restore('subject/default/subject/user:alice', newer)).toThrow(
      new UnreadableState('state of form 3, and this version reads form 2'),
    )
    expect(() => states.restore('subject/default/subject/user:alice', damaged)).toThrow(
      new UnreadableState('damaged state'),
    )
  })
})

function entitiesOf(newest: ReadonlyMap<string, string>): string[] {
  return [...newest.keys()]
    .filter((key) => !key.includes('/population/'))
    .map((key) => key.slice(key.lastIndexOf('/') + 1))
    .toSorted()
}

/** Entities in the order in which they were learnt, by tenant and standing, with their state; populations by key. */
function orders(newest: ReadonlyMap<string, string>): unknown {
  const lists = Map.groupBy(newest, ([key, value]) => {
    if (key.includes('/population/')) return 'populations'
    return `${key.split('/')[1]} ${String(headOf(Buffer.from(value, 'latin1')).established)}`
  })
  const populations = new Map(lists.get('populations'))
  lists.delete('populations')
  return { populations, lists }
}
