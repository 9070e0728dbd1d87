import { describe, expect, it } from 'vitest'
import { decisionKey, type Decision, type DecisionInput } from '../../schemas/decision.ts'
import { accessActivity, accessFindings, type LogTopic } from '../../schemas/topics.ts'
import type { OutRecord, PartitionRecords } from '../../services/runtime/log/event-log.ts'
import { PartitionStates } from '../../services/scoring/partition-states.ts'
import { sourceStage, subjectStage, type Stage } from '../../services/scoring/worker.ts'
import {
  BERLIN_IP,
  CHROME,
  DAY,
  FIREFOX,
  HOUR,
  MINUTE,
  decisionOf,
  play,
  story,
  testEnrich,
  TOKYO_IP,
  type Part,
} from '../support/scoring/play.ts'

const ENTITIES = 500
/** `BAD_INPUT_ADDRESSES=1000000` takes minutes, and shows no more. */
const ADDRESSES = Number(process.env['BAD_INPUT_ADDRESSES'] ?? 4_000)
const limits = { entities: ENTITIES, idle_hours: 2160, stranger_idle_hours: 168 }

/** Both stages with room for few, as one worker has them. */
function worker() {
  const stages = [
    subjectStage(testEnrich(), limits),
    sourceStage({ ...limits, stranger_idle_hours: 48 }),
  ] as const
  const states = stages.map(
    ({ name, state: topic }) =>
      new PartitionStates({ stage: name, topic, partition: 0, limits, decoded: 50, seed: 1 }),
  )
  const findings: { entity: string; detector: string }[] = []
  let largest = 0
  const run = (
    stage: Stage,
    of: PartitionStates | undefined,
    input: readonly Pick<OutRecord, 'key' | 'value'>[],
  ) => {
    if (of === undefined) return []
    const { outputs } = stage.process(partOf(stage.input, input), of)
    of.commit()
    for (const { topic, value } of outputs) {
      if (topic === stage.state) largest = Math.max(largest, value?.length ?? 0)
      if (topic !== accessFindings) continue
      const { entity, detector } = accessFindings.schema.parse(JSON.parse(String(value)))
      findings.push({ entity: `${entity.type} ${entity.id}`, detector: detector.id })
    }
    return outputs
  }
  return {
    findings,
    states,
    largest: () => largest,
    /** In batches of 500. */
    take: (decisions: readonly Decision[]) => {
      for (let first = 0; first < decisions.length; first += 500) {
        const batch = decisions.slice(first, first + 500)
        const records = batch.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
        const slim = run(stages[0], states[0], records).filter(({ topic }) => topic === accessActivity)
        run(stages[1], states[1], slim)
      }
    },
  }
}

function partOf(topic: LogTopic, input: readonly Pick<OutRecord, 'key' | 'value'>[]): PartitionRecords {
  const records = input.map(({ key, value }, offset) => ({
    offset,
    key,
    value: new TextEncoder().encode(String(value)),
    headers: {},
    appended_ms: Date.parse('2027-01-01T00:00:00.000Z'),
  }))
  return { topic, partition: 0, records, first_offset: 0, last_offset: records.length - 1 }
}

const office = (who: string, days = 10): Part => ({
  who,
  fromMs: 8 * HOUR,
  everyMs: DAY / 8,
  times: days * 8,
  each: (index) => ({
    device: { id: `laptop-${who}` },
    context: { ip: `10.7.${who.length}.5`, user_agent: FIREFOX, tls_fingerprint: 'firefox' },
    resource: { type: 'http', id: `/${index % 5}`, app: 'wiki', path_template: `/${index % 5}` },
  }),
})
const staff = Array.from({ length: 30 }, (_, index) => office(`person-${index}`))

describe('memory and names', () => {
  it(`one user with ${ADDRESSES} addresses: state stays as small, others are remembered, nothing is found about anybody else`, () => {
    const { take, states, findings, largest } = worker()
    take(story(...staff))
    const address = (nth: number): string =>
      `11.${nth % 250}.${Math.floor(nth / 250) % 250}.${Math.floor(nth / 62_500)}`
    for (let first = 0; first < ADDRESSES; first += 2_000) {
      const some = Array.from({ length: Math.min(2_000, ADDRESSES - first) }, (_, index) =>
        decisionOf('wanderer', 10 * DAY + ((first + index) * 8_000_000) / ADDRESSES, {
          device: { id: 'tablet' },
          context: { ip: address(first + index), user_agent: FIREFOX },
        }),
      )
      take(some)
    }
    for (const each of states) expect(each.size).toBeLessThanOrEqual(ENTITIES)
    expect(largest()).toBeLessThan(8192)
    expect(findings.filter(({ entity }) => !/wanderer|source 11\./.test(entity))).toEqual([])
    // Networks made room for networks, and never for a device.
    expect(states[1]?.forgotten.full).toBeGreaterThan(1000)
    const known = findings.length
    take([
      decisionOf('person-3', 11 * DAY, { ...office('person-3').each?.(1) }),
      decisionOf('person-7', 11 * DAY, { ...office('person-7').each?.(1) }),
    ])
    expect(findings).toHaveLength(known)
  })

  it('names, devices and fingerprints that an attacker invents push out each other and no person, and each eviction is counted', () => {
    const { take, states, findings } = worker()
    take(story(...staff))
    const before = states[0]?.size ?? 0
    const invented: Partial<DecisionInput>[] = Array.from({ length: 3000 }, (_, index) => ({
      outcome: 'deny',
      reasons: [index % 2 === 0 ? 'account_unknown' : 'credentials_rejected'],
      action: { name: 'sign_in' },
      device: { id: `device-${index}` },
      context: {
        ip: `12.${index % 200}.3.4`,
        user_agent: `made-up-${index}/1`,
        tls_fingerprint: `made-up-${index}`,
      },
    }))
    take(invented.map((over, index) => decisionOf(`name-${index}`, 10 * DAY + index * 1000, over)))
    for (const each of states) {
      expect(each.size).toBeLessThanOrEqual(ENTITIES)
      expect(each.forgotten.full).toBeGreaterThan(1000)
    }
    expect(before).toBe(30)
    expect(findings.filter(({ entity }) => /person|laptop|source 10\.|client firefox/.test(entity))).toEqual(
      [],
    )
    // Whoever was there before still has habits: a new client and network are strange to them, as they would not be to a stranger.
    const { scored } = play([
      ...story(...staff),
      ...invented
        .slice(0, 600)
        .map((over, index) => decisionOf(`name-${index}`, 10 * DAY + index * 1000, over)),
      decisionOf('person-3', 11 * DAY, { context: { ip: TOKYO_IP, user_agent: CHROME } }),
    ])
    expect(scored.at(-1)?.scores['unfamiliar-context']).toBeGreaterThan(3)
  })
})

describe('time', () => {
  const alice: Part = {
    who: 'alice',
    everyMs: HOUR,
    times: 60,
    each: () => ({ context: { ip: BERLIN_IP, user_agent: FIREFOX } }),
  }
  const bob: Part = { ...alice, who: 'bob' }
  const thief: Part = {
    who: 'alice',
    fromMs: 59 * HOUR + 5 * MINUTE,
    everyMs: MINUTE,
    times: 5,
    each: () => ({ context: { ip: TOKYO_IP, user_agent: CHROME } }),
  }
  const ids = (decisions: readonly Decision[]) =>
    new Set(play(decisions).findings.map(({ detector, entity }) => `${detector.id} ${entity.id}`))

  it('a clock that jumps back by hours and years finds nothing about anybody, and what comes after is scored as before', () => {
    const jumps = [-3 * HOUR, -40 * DAY, -5 * 365 * DAY].map((back, index) =>
      decisionOf('alice', 59 * HOUR + back + index, { id: `jump-${index}` }),
    )
    expect(ids([...story(alice, bob), ...jumps])).toEqual(new Set())
    const without = ids(story(alice, bob, thief))
    expect(without.size).toBeGreaterThan(0)
    const decisions = story(alice, bob, thief)
    const at = decisions.findIndex(({ id }) => id.startsWith('alice-212'))
    expect(ids([...decisions.slice(0, at), ...jumps, ...decisions.slice(at)])).toEqual(without)
  })

  it('events ten minutes late and every one of them twice: the same is found, about the same', () => {
    const decisions = story(alice, bob, thief)
    const late = decisions.map((each, index) => ({
      each,
      at: Date.parse(each.decided_at) + (index % 3 === 0 ? 10 * MINUTE : 0),
    }))
    const reordered = late.toSorted((a, b) => a.at - b.at).map(({ each }) => each)
    expect(reordered).not.toEqual(decisions)
    const twice = reordered.flatMap((each) => [each, each])
    expect(ids(twice)).toEqual(ids(decisions))
    expect(play(twice).findings.map(({ id }) => id)).toEqual(play(reordered).findings.map(({ id }) => id))
  })

  it('a decision that comes again counts once, at once, later and in another batch: eight refusals, three times each, are no burst', () => {
    const refusals = (times: number) =>
      story({ who: 'mallory', times, everyMs: 500, each: () => ({ outcome: 'deny' as const }) })
    const thrice = (decisions: readonly Decision[]) => [
      ...decisions.flatMap((each) => [each, each]),
      ...decisions,
    ]
    const said = (decisions: readonly Decision[], batch: number) =>
      play(decisions, { batch }).findings.map(({ id, score, decisions_total }) => [
        id,
        score,
        decisions_total,
      ])
    for (const batch of [1, 5, 50]) {
      expect(said(thrice(refusals(8)), batch)).toEqual([])
      expect(said(thrice(refusals(12)), batch)).toEqual(said(refusals(12), batch))
    }
    expect(said(refusals(12), 50)).not.toEqual([])
  })
})
