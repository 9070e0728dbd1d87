import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions, accessScored, control, scoringState } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, OutRecord } from '../../services/runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../services/runtime/log/json-record.ts'
import { wrapLog } from '../../services/runtime/log/wrap-log.ts'
import { compareReplay } from '../../services/scoring/compare-replay.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich, scoringStages, startScoring } from '../../services/scoring/main.ts'
import { findStart } from '../../services/scoring/replay/replay-start.ts'
import { replayDecisions } from '../../services/scoring/replay.ts'
import type { SnapshotMark, SnapshotsRecord } from '../../services/scoring/snapshots/keeper.ts'
import { eventually } from '../support/eventually.ts'
import { CHROME, decisionOf, HOUR, TOKYO_IP } from '../support/scoring/play.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

/** From one snapshot to the next: an hour in life. */
const EVERY_MS = 25
/** What is older than so many rounds is folded into the base. */
const KEPT_ROUNDS = 14
const ROUNDS = 30
const config = ScoringConfig.parse({})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-snapshots-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function start(eventLog: EventLog, keptMs: number) {
  const runtime = { eventLog, logger: pino({ level: 'silent' }), metrics: new Registry(), dataDir: folder }
  return startScoring(runtime, config, { snapshots: { everyMs: EVERY_MS, keptMs } })
}

/** Half an hour of a company: people work, some come from elsewhere with another browser, a name that nobody has is tried, and at times somebody is refused a lot. */
function crowd(round: number): Decision[] {
  const decisions: Decision[] = []
  const atMs = (round * HOUR) / 2
  for (let who = 0; who < 15; who++) {
    const strange = (who + round) % 11 === 0 ? { context: { ip: TOKYO_IP, user_agent: CHROME } } : {}
    decisions.push(decisionOf(`person-${who}`, atMs + who, strange))
  }
  decisions.push(
    decisionOf(`stranger-${round}`, atMs + 30, { outcome: 'deny', reasons: ['account_unknown'] }),
  )
  const refusals = round % 6 === 5 ? 30 : 0
  for (let times = 0; times < refusals; times++)
    decisions.push(decisionOf('mallory', atMs + 1000 * times, { outcome: 'deny', reasons: ['policy_deny'] }))
  return decisions
}

async function snapshots(eventLog: EventLog, stage: string): Promise<SnapshotsRecord[]> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    return [...table.entries()].flatMap(([, value]) => {
      const record = readRecord(control.schema, { value })
      return record?.kind === 'snapshots' && record.stage === stage ? [record] : []
    })
  } finally {
    await table.close()
  }
}

/** Lets crowds come until the slots of some time are over; how long a round took, which the machine decides. */
async function live(eventLog: EventLog, rounds: number, { from = 0, pace = 2 * EVERY_MS } = {}) {
  const scoring = await start(eventLog, KEPT_ROUNDS * pace)
  const began = performance.now()
  for (let round = from; round < from + rounds; round++) {
    await eventLog.append(crowd(round).map((each) => jsonRecord(accessDecisions, each)))
    await scoring.drained()
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  const took = performance.now() - began
  await scoring.stop()
  return took / rounds
}

/** The log as it is when the first decisions are no longer kept. */
function cut(eventLog: EventLog, low: number): EventLog {
  return wrapLog(eventLog, {
    async watermarks(topic) {
      const marks = await eventLog.watermarks(topic)
      return topic === accessDecisions
        ? marks.map((each) => ({ ...each, low: Math.min(low, each.high) }))
        : marks
    },
  })
}

/** What the first stage writes from a place of the log on: scored decisions by id, findings, and its state at the end. */
async function outcome(eventLog: EventLog, from?: { mark: SnapshotMark; log: EventLog }) {
  const scored = new Map<string, string>()
  const state = new Map<string, string>()
  const text = (value: OutRecord['value']) => Buffer.from(value ?? '').toString('hex')
  const start =
    from === undefined ? undefined : await findStart(from.log, Date.parse(from.mark.at) + 6 * 60_000)
  const { findings } = await replayDecisions(
    from?.log ?? eventLog,
    scoringStages(await openEnrich(config), config),
    {
      start,
      told({ topic, key, value, headers }) {
        if (topic === accessScored) scored.set(headers?.['ce_id'] ?? '', text(value))
        if (topic === scoringState) state.set(key, text(value))
      },
    },
  )
  return { start, scored, state, findings: findings.map((each) => JSON.stringify(each)) }
}

it('a replay from any snapshot gives what the whole one gives from there on, byte for byte, over restarts of the worker and after old ones became the base', async ({
  onTestFinished,
}) => {
  const eventLog = await openEmbeddedLog({ directory: folder })
  onTestFinished(() => eventLog.close())
  let from = ROUNDS
  let pace = await live(eventLog, ROUNDS)
  const { marks, base_slot } = await eventually('snapshots and a base', async () => {
    pace = await live(eventLog, ROUNDS, { from, pace })
    from += ROUNDS
    const [subject] = await snapshots(eventLog, 'subject')
    return subject !== undefined && subject.marks.length > 5 && subject.base_slot !== null && subject
  })
  expect(marks[0]?.slot).toBeGreaterThanOrEqual(base_slot ?? Infinity)

  const whole = await outcome(eventLog)
  expect(whole.findings.length).toBeGreaterThan(3)
  expect(whole.findings.toSorted()).toEqual(
    (await loggedFindings(eventLog)).map((each) => JSON.stringify(each)).toSorted(),
  )
  const total = (await eventLog.watermarks(accessDecisions))[0]?.high ?? 0
  for (const mark of [marks[0], marks[Math.floor(marks.length / 2)], marks.at(-1)]) {
    if (mark === undefined) throw new Error('there is no snapshot')
    const log = cut(eventLog, mark.offset)
    const some = await outcome(eventLog, { mark, log })
    expect(some.start?.starts.get(accessDecisions)?.get(0)).toEqual({ offset: mark.offset, slot: mark.slot })
    expect(some.scored.size).toBe(total - mark.offset)
    for (const [id, value] of some.scored) expect([id, value]).toEqual([id, whole.scored.get(id)])
    for (const [key, value] of some.state) expect([key, value]).toEqual([key, whole.state.get(key)])
    expect(whole.findings).toEqual(expect.arrayContaining(some.findings))
  }
})

it('a range before the first snapshot, or without one, is refused in a sentence where the log is cut', async ({
  onTestFinished,
}) => {
  const eventLog = await openEmbeddedLog({ directory: folder })
  onTestFinished(() => eventLog.close())
  await live(eventLog, 8)
  const stages = scoringStages(await openEnrich(config), config)
  const [subject] = await snapshots(eventLog, 'subject')
  const mark = subject?.marks.at(-1)
  if (mark === undefined) throw new Error('there is no snapshot')
  const before = { from_ms: Date.parse(mark.at) - 60_000 }
  await expect(compareReplay(cut(eventLog, mark.offset), stages, before)).rejects.toThrow(
    /^There is no snapshot of the state of subject, partition 0, before that range, .*; .*Z is the earliest\.$/,
  )
  await expect(compareReplay(cut(eventLog, mark.offset + 1), stages)).rejects.toThrow(
    /it can't be replayed\.$/,
  )
  // Without a range, all that can be: from the earliest snapshot on.
  const compared = await compareReplay(cut(eventLog, mark.offset), stages)
  expect(compared).toMatchObject({ other: [], missing: [], surplus: [] })
  expect(Date.parse(compared.from ?? '')).toBeGreaterThanOrEqual(Date.parse(mark.at))
  expect(await compareReplay(eventLog, stages)).toMatchObject({
    from: null,
    other: [],
    missing: [],
    surplus: [],
  })
})
