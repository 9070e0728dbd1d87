import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  deadLetterOf,
  scoringSourceState,
  scoringState,
} from '../../schemas/topics.ts'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, LogRecord } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { compareReplay } from '../../services/scoring/compare-replay.ts'
import { scoringMetrics } from '../../services/scoring/metrics.ts'
import { replayDecisions } from '../../services/scoring/replay.ts'
import { restoreStates } from '../../services/scoring/restore-states.ts'
import { runStage } from '../../services/scoring/run-stage.ts'
import { policyStage, sourceStage, subjectStage, type Stage } from '../../services/scoring/worker.ts'
import { eventually } from '../support/eventually.ts'
import { CHROME, NEW_YORK_IP, story, testEnrich, decisionOf } from '../support/scoring/play.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

async function openLog(): Promise<EventLog> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-scoring-'))
  const eventLog = await openEmbeddedLog({ directory, partitions: 2 })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(directory, { recursive: true, force: true })
  })
  return eventLog
}

/** Runs a stage until all that was there is handled. */
async function run(eventLog: EventLog, stage: Stage, { batchRecords = 1000, entitiesInMemory = 1000 } = {}) {
  const registry = new Registry()
  const metrics = scoringMetrics(registry)
  const group = stage.name === 'subject' ? 'scoring' : 'scoring-source'
  const logger = pino({ level: 'silent' })
  const running = await runStage(stage, { eventLog, logger, metrics, group, entitiesInMemory, batchRecords })
  await running.drained()
  const told = await registry.metrics()
  await running.stop()
  return told
}

async function recordsOf(eventLog: EventLog, topic: LogTopic): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      all.push(
        ...records.map(({ offset, key, value, headers, appended_ms }) => ({
          offset,
          key,
          value: value?.slice() ?? null,
          headers,
          appended_ms,
        })),
      )
    }
  }
  return all
}

async function textsOf(eventLog: EventLog, topic: LogTopic): Promise<string[]> {
  return (await recordsOf(eventLog, topic)).map(
    ({ key, value }) => `${key} ${Buffer.from(value ?? []).toString('base64')}`,
  )
}

const decisions = story(
  { who: 'alice', everyMs: 1000, times: 60, each: (i) => ({ outcome: i % 20 === 0 ? 'deny' : 'permit' }) },
  { who: 'mallory', fromMs: 10_000, everyMs: 200, times: 40, each: () => ({ outcome: 'deny' }) },
  {
    who: 'bob',
    fromMs: 5000,
    everyMs: 1000,
    times: 20,
    each: () => ({ outcome: 'deny', reasons: ['credentials_rejected'], action: { name: 'sign_in' } }),
  },
  { who: 'bob', fromMs: 26_000, each: () => ({ action: { name: 'sign_in' } }) },
  ...Array.from({ length: 14 }, (_, index) => ({
    who: `person-${index}`,
    fromMs: 30_000 + index * 300,
    each: () => ({
      outcome: 'deny' as const,
      reasons: ['credentials_rejected' as const],
      action: { name: 'sign_in' },
      context: { ip: NEW_YORK_IP, user_agent: CHROME },
    }),
  })),
)
const appended = (some: readonly Decision[]) => some.map((each) => jsonRecord(accessDecisions, each))

describe('scoring on the embedded log', () => {
  it('turns decisions into scored ones and findings, past messages that cannot be read', async () => {
    const eventLog = await openLog()
    const key = 'default/subject/user:mallory'
    const future = {
      ...decisions[0],
      id: 'from-the-future',
      decided_at: new Date(Date.now() + 600_000).toISOString(),
    }
    await eventLog.append([
      { topic: accessDecisions, key, value: 'not json' },
      { topic: accessDecisions, key, value: new Uint8Array([0xff, 0xfe, 0x00]) },
      { topic: accessDecisions, key, value: JSON.stringify({ padding: 'x'.repeat(300_000) }) },
      { topic: accessDecisions, key, value: '{"schema_version":1}' },
      { topic: accessDecisions, key, value: JSON.stringify(future) },
      { topic: accessDecisions, key: 'default/subject/user:bob', value: JSON.stringify(decisions[0]) },
      ...appended(decisions),
    ])
    await run(eventLog, subjectStage(testEnrich()))
    await run(eventLog, sourceStage())

    const findings = await loggedFindings(eventLog)
    expect(findings.map((f) => `${f.detector.id} ${f.entity.id} ${f.risk_level}`).toSorted()).toEqual([
      'denied-burst user:mallory HIGH',
      'denied-burst user:mallory MEDIUM',
      'spray 198.51.100.0/24 MEDIUM',
      'success-after-failures user:bob MEDIUM',
    ])
    expect((await recordsOf(eventLog, accessScored)).length).toBe(decisions.length)
    const dead = await recordsOf(eventLog, deadLetterOf(accessDecisions))
    expect(dead.map(({ headers }) => headers['reason'])).toEqual([
      'invalid-json',
      'invalid-utf8',
      'too-large',
      'invalid-decision',
      'future_dated',
      'wrong-key',
    ])
    expect(dead[0]?.headers).toMatchObject({ 'source-topic': accessDecisions.name, 'source-offset': '0' })
  })

  it('counts a decision once that its producer sent twice', async () => {
    const eventLog = await openLog()
    const nine = decisions.filter(({ subject }) => subject.id === 'mallory').slice(0, 9)
    await eventLog.append([...appended(nine), ...appended(nine)])
    await run(eventLog, subjectStage(testEnrich()), { batchRecords: 4 })
    expect(await loggedFindings(eventLog)).toEqual([])
    expect((await recordsOf(eventLog, accessScored)).length).toBe(9)
  })

  it('tells how many entities it forgot, where an attacker invents names', async () => {
    const eventLog = await openLog()
    const [entities, names] = [8, 60]
    const invented = Array.from({ length: names }, (_, index) =>
      decisionOf(`name-${index}`, index * 1000, { outcome: 'deny', reasons: ['account_unknown'] }),
    )
    await eventLog.append(appended(invented))
    const limits = { entities, idle_hours: 2160, stranger_idle_hours: 168 }
    const told = await run(eventLog, subjectStage(testEnrich(), limits))
    const gauge = (name: string) =>
      Number(new RegExp(`^gatewatch_scoring_${name} (.*)$`, 'm').exec(told)?.[1])
    const kept = gauge('entities\\{stage="subject"\\}')
    expect(kept).toBeLessThanOrEqual(entities * eventLog.partitions(accessDecisions))
    expect(kept + gauge('entities_forgotten\\{stage="subject",cause="full"\\}')).toBe(names)
  })

  it('learns a decision once that was delivered again behind the rest, of a person and of nobody', async () => {
    const refusedTokens = story({
      who: 'nobody',
      everyMs: 1000,
      times: 12,
      each: () => ({
        outcome: 'deny',
        reasons: ['token_invalid'],
        subject: { type: 'anonymous', id: 'anonymous' },
        context: { ip: NEW_YORK_IP, user_agent: CHROME },
      }),
    })
    const some = [
      ...refusedTokens,
      ...decisions.filter(({ subject }) => subject.id === 'mallory').slice(0, 12),
    ]
    const once = await openLog()
    const again = await openLog()
    await once.append(appended(some))
    await again.append(appended(some))
    await again.append(appended(some))
    for (const eventLog of [once, again]) {
      await run(eventLog, subjectStage(testEnrich()))
      await run(eventLog, sourceStage())
    }
    expect(await loggedFindings(again)).toEqual(await loggedFindings(once))
    for (const changelog of [scoringState, scoringSourceState]) {
      const newest = async (eventLog: EventLog) =>
        Object.fromEntries((await textsOf(eventLog, changelog)).map((text) => text.split(' ')))
      expect(await newest(again)).toEqual(await newest(once))
      expect(Object.keys(await newest(once)).length).toBeGreaterThan(0)
    }
    const ids = (await recordsOf(again, accessScored)).map(({ headers }) => headers['ce_id'])
    expect(new Set(ids).size).toBe(some.length)
  })

  it('gives the same outputs and state after a worker that failed in the middle of a batch, and after small batches', async () => {
    const whole = await openLog()
    const broken = await openLog()
    for (const eventLog of [whole, broken]) await eventLog.append(appended(decisions))
    await run(whole, subjectStage(testEnrich()))

    const stage = subjectStage(testEnrich())
    let calls = 0
    const failing: Stage = {
      ...stage,
      *steps(part, states) {
        const done = yield* stage.steps(part, states)
        calls += 1
        if (calls % 3 === 1) throw new Error('killed before the commit')
        return done
      },
    }
    await run(broken, failing, { batchRecords: 7, entitiesInMemory: 2 })

    expect(calls).toBeGreaterThan(10)
    expect(await textsOf(broken, accessScored)).toEqual(await textsOf(whole, accessScored))
    // Two partitions of decisions write into one of activity: the batches say in which order.
    const activity = async (eventLog: EventLog) => (await textsOf(eventLog, accessActivity)).toSorted()
    expect(await activity(broken)).toEqual(await activity(whole))
    const newest = async (eventLog: EventLog) => {
      const table = await eventLog.openTable(scoringState)
      await table.caughtUp()
      const states = [...table.entries()].map(
        ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
      )
      await table.close()
      return states.toSorted()
    }
    expect(await newest(broken)).toEqual(await newest(whole))
  })

  it('refuses a partition whose state a newer version wrote, says so once a try, and goes on with the others', async () => {
    const eventLog = await openLog()
    await eventLog.append(appended(decisions))
    const newer = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    await eventLog.append([
      { topic: scoringState, key: 'subject/default/subject/user:eve', value: newer, partition: 1 },
    ])
    const said: string[] = []
    const logger = pino({}, { write: (line: string) => void said.push(String(JSON.parse(line).msg)) })
    const registry = new Registry()
    const running = await runStage(subjectStage(testEnrich()), {
      eventLog,
      logger,
      metrics: scoringMetrics(registry),
      group: 'scoring',
      entitiesInMemory: 100,
      batchRecords: 100,
    })
    const [first, second] = await eventLog.watermarks(accessDecisions)
    expect(Math.min(first?.high ?? 0, second?.high ?? 0)).toBeGreaterThan(0)
    await eventually(
      'the other partition is scored, and the refusal is told',
      async () =>
        said.length > 0 && (await eventLog.committed('scoring', accessDecisions)).get(0) === first?.high,
    )
    expect((await eventLog.committed('scoring', accessDecisions)).get(1) ?? 0).toBe(0)
    expect(new Set(said)).toEqual(
      new Set([
        'scoring.state.v1, partition 1, offset 0: state of form 3, and this version reads form 2; nothing of the partition is scored until the version that wrote it runs, or a backup is restored.',
      ]),
    )
    await expect
      .poll(() => registry.metrics())
      .toContain('gatewatch_scoring_partitions{stage="subject",state="refused"} 1')

    // The newer version replaces or removes what it wrote: then it goes on by itself.
    await eventLog.append([
      { topic: scoringState, key: 'subject/default/subject/user:eve', value: null, partition: 1 },
    ])
    await running.drained()
    await running.stop()
  })

  it('stops restoring when the partition is taken away, and holds nothing of it', async () => {
    const eventLog = await openLog()
    await eventLog.append(appended(decisions))
    await run(eventLog, subjectStage(testEnrich()))
    const [state] = await recordsOf(eventLog, scoringState)
    const many = Array.from({ length: 20_000 }, (_, who) => ({
      topic: scoringState,
      key: `subject/default/subject/user:${who}`,
      value: state?.value ?? null,
      partition: 0,
    }))
    await eventLog.append(many)
    const taken = new AbortController()
    let looks = 0
    const read = eventLog.read.bind(eventLog)
    eventLog.read = async function* counted(topic, options) {
      for await (const records of read(topic, options)) {
        looks += 1
        yield records
      }
    }
    const restoring = restoreStates(eventLog, subjectStage(testEnrich()), {
      partition: 0,
      decoded: 10,
      seed: 1,
      signal: taken.signal,
    })
    setImmediate(() => taken.abort())
    await expect(restoring).rejects.toThrow(/aborted/)
    expect(looks).toBeLessThan(5)
  })

  it('finds in a replay of the log what it found live, however the batches were cut', async () => {
    const eventLog = await openLog()
    await eventLog.append(appended(decisions))
    await run(eventLog, subjectStage(testEnrich()), { batchRecords: 3 })
    await run(eventLog, sourceStage(), { batchRecords: 5 })
    const replayed = await replayDecisions(eventLog, {
      subject: subjectStage(testEnrich()),
      source: sourceStage(),
      policy: policyStage(),
    })
    const sorted = (findings: readonly unknown[]) => findings.map((each) => JSON.stringify(each)).toSorted()
    expect(sorted(replayed.findings)).toEqual(sorted(await loggedFindings(eventLog)))
    expect(replayed.findings.length).toBeGreaterThan(3)
  })

  it('compares the log with a replay of it while a worker is behind, and names what is not as it was', async () => {
    const eventLog = await openLog()
    await eventLog.append(appended(decisions))
    await run(eventLog, subjectStage(testEnrich()), { batchRecords: 3 })
    await run(eventLog, sourceStage(), { batchRecords: 5 })
    await eventLog.append(
      appended(story({ who: 'trudy', everyMs: 200, times: 40, each: () => ({ outcome: 'deny' }) })),
    )
    const stages = { subject: subjectStage(testEnrich()), source: sourceStage(), policy: policyStage() }
    const equal = await compareReplay(eventLog, stages)
    expect(equal).toMatchObject({ other: [], missing: [], surplus: [] })
    expect(equal.same).toBe((await loggedFindings(eventLog)).length)

    for (const { logged, replayed, both } of Object.values(equal.detectors))
      expect([replayed, both]).toEqual([logged, logged])

    const [finding] = await loggedFindings(eventLog)
    if (finding === undefined) throw new Error('nothing was found')
    await eventLog.append([jsonRecord(accessFindings, { ...finding, revision: 99 })])
    const altered = await compareReplay(eventLog, stages)
    expect(altered.surplus.map(({ id, revision }) => [id, revision])).toEqual([[finding.id, 99]])
    // A revision more is the same finding; one of another id is a finding more.
    expect(altered.detectors).toEqual(equal.detectors)
    await eventLog.append([jsonRecord(accessFindings, { ...finding, id: 'f-added' })])
    const counted = equal.detectors[finding.detector.id]
    expect((await compareReplay(eventLog, stages)).detectors[finding.detector.id]).toEqual({
      ...counted,
      logged: (counted?.logged ?? 0) + 1,
    })
    const earlier = { to_ms: Date.parse('2026-01-01T00:00:00.000Z') }
    expect(await compareReplay(eventLog, stages, earlier)).toMatchObject({ same: 0, surplus: [] })
  })
})
