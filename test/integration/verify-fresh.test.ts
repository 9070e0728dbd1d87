import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Decision } from '../../schemas/decision.ts'
import { accessDecisions, integrityCheckpoints, type LogTopic } from '../../schemas/topics.ts'
import { openDemoChain, type DemoDraft } from '../../services/demo/chain/chain.ts'
import { CheckpointsConfig } from '../../services/runtime/checkpoints/config.ts'
import { openSigningKey } from '../../services/runtime/checkpoints/signing-key.ts'
import { openCheckpointSigner } from '../../services/runtime/checkpoints/signer.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openTrust } from '../../services/verify/checkpoints/trust.ts'
import { openExpiry } from '../../services/verify/expiry.ts'
import { openFresh, type Fresh } from '../../services/verify/fresh.ts'
import { reportText } from '../../services/verify/report-text.ts'
import { chainedBoot, insertDecisions, verifyStore } from '../support/store/chained-store.ts'
import { startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const BEGAN = Date.now() - 120 * MINUTE_MS

let engine: TempEngine
let eventLog: EventLog
let folder: string

beforeAll(async () => {
  engine = await startTempEngine()
  await migrate(engine.client)
  // What is gone here, a test has left out.
  await engine.client.command({ query: 'ALTER TABLE decisions REMOVE TTL' })
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-fresh-'))
  eventLog = await openEmbeddedLog({ directory: folder, partitions: 1 })
})

afterAll(async () => {
  await eventLog.close()
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** One decision every ten seconds, from `from` to `to` minutes after the beginning; stored and, up to the end, signed. */
async function boot(
  pep_id: string,
  [from, to]: readonly [number, number],
  { end, previous }: Pick<Parameters<typeof chainedBoot>[0], 'end' | 'previous'>,
) {
  const made = await chainedBoot({
    dataDir: engine.dataDir,
    eventLog,
    pep_id,
    every: 1000,
    end,
    previous: previous ?? null,
    now: () => BEGAN + (end === 'stop' ? to : from) * MINUTE_MS,
    drafts: Array.from({ length: (to - from) * 6 }, (_, n) => ({
      decided_at: new Date(BEGAN + from * MINUTE_MS + n * 10_000).toISOString(),
      outcome: 'permit' as const,
      subject: { type: 'user' as const, id: 'alice' },
      action: { name: 'read' },
      resource: { type: 'http', id: '/' },
    })),
  })
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  await insertDecisions(store, made.head.boot_id, made.decisions)
  return made
}

/** As a process that starts finds it: `verifiedTo` is all that it knows of what was verified before. */
async function fresh(verifiedTo: number | null, most_pending?: number): Promise<Fresh> {
  const now = () => BEGAN + 60 * MINUTE_MS
  const expiry = await openExpiry(engine.dataDir, 90 * 86_400_000, now(), { remember: false })
  const common = { slice_rows: 20_000, patience_ms: 0, expiry, settle_ms: 0 }
  return openFresh(
    {
      ...common,
      ...(most_pending !== undefined && { most_pending }),
      eventLog,
      client: engine.client,
      trust: await openTrust({ dataDir: engine.dataDir, configured: [], pin_first: false, now }),
      checkpoint_paths: [join(engine.dataDir, 'checkpoints')],
    },
    verifiedTo === null ? null : new Date(BEGAN + verifiedTo * MINUTE_MS).toISOString(),
    now(),
  )
}

it('finds nothing wrong with a chain that was verified while another one of the same time was not', async () => {
  const at = async (look: Fresh, minutes: number) =>
    (await look.look(BEGAN + minutes * MINUTE_MS, new AbortController().signal))?.problems
  // given a chain that ended in the middle of another one
  await boot('idp', [0, 10], { end: 'stop' })
  const long = await boot('gw', [0, 20], { end: 'stop' })

  // when a look comes between the two ends, and one after both
  const going = await fresh(0)
  expect([await at(going, 12), await at(going, 21)]).toEqual([[], []])

  // and when a later process finds a boot that was killed, whose end only the next one tells, about
  const killed = await boot('gw', [21, 22], { end: 'crash', previous: long.head })
  await boot('gw', [30, 31], { end: 'stop', previous: killed.head })
  expect(await at(await fresh(21), 50)).toEqual([])
})

it('says of what it has no room for that it is not verified, never that somebody put it there', async () => {
  const look = await fresh(null, 2)
  const report = await look.look(BEGAN + 50 * MINUTE_MS, new AbortController().signal)
  // Of the signed stretches that the test before left, the two newest find room.
  expect(report?.problems).toEqual([])
  const aside = report?.undecided.filter(({ reason }) => reason === 'no_room') ?? []
  expect(
    aside.map(({ pep_id, seq_from, seq_to, decisions }) => [pep_id, seq_from, seq_to, decisions]),
  ).toEqual([
    ['gw', 0, 119, 120],
    ['idp', 0, 59, 60],
  ])
  expect(report).toMatchObject({ verdict: 'undecided', proven: 12 })
})

/** A boot as its gateway records it, of which the store gets what `stored` lets through. */
async function recorded(
  pep_id: string,
  atMs: number,
  options: Partial<Parameters<typeof chainedBoot>[0]> & { count?: number; stored?: (seq: number) => boolean },
) {
  const made = await chainedBoot({
    dataDir: engine.dataDir,
    eventLog,
    pep_id,
    every: 1000,
    end: 'stop',
    now: () => atMs,
    drafts: Array.from({ length: options.count ?? 20 }, (_, n) => draft(atMs - 60_000 + n * 10)),
    ...options,
  })
  const stored = made.decisions.filter((_, seq) => options.stored?.(seq) ?? true)
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  if (stored.length > 0) await insertDecisions(store, made.head.boot_id, stored)
  return made
}

function draft(atMs: number): Parameters<typeof chainedBoot>[0]['drafts'][number] {
  return {
    decided_at: new Date(atMs).toISOString(),
    outcome: 'permit',
    subject: { type: 'user', id: 'alice' },
    action: { name: 'read' },
    resource: { type: 'http', id: '/' },
  }
}

/** What `gatewatch verify` says of one enforcement point. */
async function verified(
  pep: string,
  fromMs: number,
  options: Partial<Parameters<typeof verifyStore>[1]> = {},
) {
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  const from = new Date(fromMs).toISOString()
  const report = await verifyStore(store, { now: Date.now(), from, pep, ...options })
  return {
    problems: report.problems.map(({ kind, seq_from, seq_to }) => [kind, seq_from, seq_to]),
    undecided: report.undecided.map(({ reason, seq_from, seq_to }) => [reason, seq_from, seq_to]),
    declared: report.declared.length,
    proven: report.proven,
  }
}

it('finds every decision that became a dead letter, however many there are beside each other', async () => {
  const at = Date.now() - 30 * MINUTE_MS
  const isStored = (seq: number) => seq % 2 === 0
  const made = await recorded('letters', at, { count: 540, stored: isStored })
  await engine.client.insert({
    table: 'dead_letters',
    values: made.decisions
      .filter((_, seq) => !isStored(seq))
      .map((decision, offset) => ({
        topic: 'access.decisions.v1.dead-letter',
        partition: 0,
        offset,
        source_topic: 'access.decisions.v1',
        reason: 'unstorable',
        value_base64: Buffer.from(JSON.stringify(decision)).toString('base64'),
        ingested_at: new Date(at).toISOString(),
      })),
    format: 'JSONEachRow',
    clickhouse_settings: { date_time_input_format: 'best_effort' },
  })
  expect(await verified('letters', at - MINUTE_MS)).toEqual({
    problems: [],
    undecided: [],
    declared: 270,
    proven: 540,
  })
})

it('excuses what a record says to be lost once a checkpoint covers that record, and not before', async () => {
  const at = Date.now() - 50 * MINUTE_MS
  const one = await recorded('lossy', at, { end: 'crash', stored: (seq) => seq < 5 || seq > 9 })
  const missing = [{ boot_id: one.head.boot_id, first_seq: 5, last_seq: 9 }]
  const loss = { state: 'ended', cause: 'spool_corrupt', refused: 0, served: 0, missing }
  const from = new Date(at).toISOString()
  const two = await recorded('lossy', at + MINUTE_MS, {
    end: 'crash',
    previous: one.head,
    drafts: [
      {
        ...draft(at + MINUTE_MS),
        action: { name: 'record' },
        resource: { type: 'event_log', id: 'lossy' },
        unmapped: { loss: { ...loss, from, to: from } },
      },
    ],
  })
  const before = await verified('lossy', at - MINUTE_MS)
  expect(before).toMatchObject({ problems: [], declared: 0 })
  expect(before.undecided).toContainEqual(['not_covered', 5, 9])
  await recorded('lossy', at + 2 * MINUTE_MS, { previous: two.head })
  const after = await verified('lossy', at - MINUTE_MS)
  expect(after.problems).toEqual([])
  expect(after.declared).toBeGreaterThan(0)
  expect(after.undecided.map(([reason]) => reason)).not.toContain('not_covered')
})

it('takes nothing for missing that came while checkpoints were read: it is on its way', async () => {
  const dataDir = join(folder, 'late')
  const log = await openEmbeddedLog({ directory: join(dataDir, 'log'), partitions: 1 })
  await openSigningKey(dataDir, Date.now())
  let came: Awaited<ReturnType<typeof recorded>> | undefined
  const late = new Proxy(log, {
    get(_log, name) {
      const own: unknown = Reflect.get(log, name, log)
      if (typeof own !== 'function') return own
      if (name !== 'watermarks') return own.bind(log)
      return async (topic: LogTopic) => {
        if (topic === integrityCheckpoints && came === undefined) {
          came = await recorded('late', Date.now() - MINUTE_MS, {
            dataDir,
            eventLog: log,
            stored: () => false,
          })
          await log.append(came.decisions.map((decision) => jsonRecord(accessDecisions, decision)))
        }
        return log.watermarks(topic)
      }
    },
  })
  const store = { dataDir, eventLog: late, client: engine.client }
  const from = new Date(Date.now() - 10 * MINUTE_MS).toISOString()
  const report = await verifyStore(store, { now: Date.now(), from, pep: 'late' })
  expect(report).toMatchObject({ problems: [], undecided: [{ reason: 'on_the_way', decisions: 20 }] })
  await log.close()
})

it('knows that rows went by right, though a crash long ago was signed later, or nothing signed is kept any more', async () => {
  // given a gateway that crashed before its rows' time was over and came back after that
  const crashed = await recorded('away', Date.now() - 95 * DAY_MS, { end: 'crash', stored: () => false })
  await recorded('away', Date.now() - 40 * DAY_MS, { previous: crashed.head })
  expect(await verified('away', Date.now() - 96 * DAY_MS)).toMatchObject({
    problems: [],
    undecided: [['expired', 0, 19]],
    proven: 20,
  })

  // and a store that keeps rows for longer than checkpoints are kept
  const elsewhere = await openEmbeddedLog({ directory: join(folder, 'elsewhere'), partitions: 1 })
  const at = Date.now() - 420 * DAY_MS
  await recorded('old', at, { dataDir: join(folder, 'old'), eventLog: elsewhere })
  await elsewhere.close()
  expect(await verified('old', at - DAY_MS, { kept_days: 730 })).toMatchObject({
    problems: [],
    undecided: [['no_checkpoint', 0, 19]],
  })
  expect((await verified('old', at - DAY_MS)).problems).toEqual([['inserted', 0, 19]])

  // and where nothing at all is signed or stored, that is not called proven
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  const report = await verifyStore(store, { now: Date.now(), pep: 'nobody' })
  expect(report).toMatchObject({ verdict: 'undecided', problems: [], undecided: [] })
  expect(reportText(report)).toContain('NOT PROVEN')
})

it('decides the last decisions of a demo that was killed, once the next one has begun', async () => {
  const signer = await openCheckpointSigner(
    engine.dataDir,
    CheckpointsConfig.parse({ decisions: 4 }),
    Date.now(),
  )
  const chain = () =>
    openDemoChain({
      eventLog,
      signer,
      tenant: 'default',
      pep: { id: 'demo-provider', kind: 'openid-provider' },
      now: Date.now,
    })
  const signIn = (): DemoDraft => ({
    schema_version: 1,
    decided_at: new Date().toISOString(),
    outcome: 'permit',
    subject: { type: 'user', id: 'alice' },
    action: { name: 'sign_in' },
    resource: { type: 'identity_provider', id: 'sign-in' },
  })

  // given a boot that was killed, some of it signed; one that was killed before anybody signed in; and one that
  // was stopped while somebody did
  const killed = await chain()
  for (let n = 0; n < 6; n += 1) await killed.record([signIn()])
  await chain()
  const stopped = await chain()
  await stopped.record([signIn(), signIn()])
  const late = stopped.record([signIn()])
  await stopped.stop()
  await late
  await expect(stopped.record([signIn()])).rejects.toThrow('being stopped')

  // when everything is stored, then nothing of it is left open
  const recorded: Decision[] = []
  for (const { partition } of await eventLog.watermarks(accessDecisions))
    for await (const records of eventLog.read(accessDecisions, { partition }))
      for (const { value } of records)
        recorded.push(Decision.parse(JSON.parse(Buffer.from(value ?? []).toString())))
  expect(recorded).toHaveLength(9)
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  await insertDecisions(store, 'sign-ins', recorded)
  const report = await verifyStore(store, { now: Date.now() + 60 * MINUTE_MS, pep: 'demo-provider' })
  expect(report).toMatchObject({ verdict: 'proven', problems: [], undecided: [], proven: 9 })
})
