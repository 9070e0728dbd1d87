import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Alert } from '../../schemas/alert.ts'
import { CANARY_TENANT, canaryDraft } from '../../schemas/canary.ts'
import type { Decision } from '../../schemas/decision.ts'
import { Finding } from '../../schemas/finding.ts'
import { accessFindings, accessScored, alertsOutbox, control } from '../../schemas/topics.ts'
import { startCanaryWatch } from '../../services/canary/main.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, OutRecord } from '../../services/runtime/log/event-log.ts'
import type { Runtime } from '../../services/runtime/runtime.ts'
import { within } from '../../services/runtime/within.ts'
import { VerifyConfig } from '../../services/verify/config.ts'
import { startVerify } from '../../services/verify/main.ts'
import { readProgress, writeProgress } from '../../services/verify/progress.ts'
import { chainedBoot, insertDecisions, plainlyScored, verifyStore } from '../support/store/chained-store.ts'
import { eventually } from '../support/eventually.ts'
import { startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const DAY_MS = 86_400_000

let engine: TempEngine
let eventLog: EventLog
let folder: string
let decisions: Decision[]

beforeAll(async () => {
  engine = await startTempEngine()
  await migrate(engine.client)
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-verify-'))
  eventLog = await openEmbeddedLog({ directory: folder, partitions: 2 })
  const from = Date.now() - 7_200_000
  const boot = await chainedBoot({
    dataDir: engine.dataDir,
    eventLog,
    pep_id: 'gw-1',
    every: 50,
    end: 'stop',
    now: () => from + 200_000,
    drafts: Array.from({ length: 120 }, (_, n) => draft(from + n * 1000, `/records/${n}`)),
  })
  decisions = boot.decisions
  await insertDecisions({ dataDir: engine.dataDir, eventLog, client: engine.client }, 'all', decisions)
})

afterAll(async () => {
  await eventLog.close()
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

function runtime(): Runtime {
  return { dataDir: engine.dataDir, eventLog, logger: pino({ level: 'silent' }), metrics: new Registry() }
}

async function alerts(): Promise<Alert[]> {
  const table = await eventLog.openTable(alertsOutbox)
  await table.caughtUp()
  const found = [...table.entries()].map(([, value]) =>
    Alert.parse(JSON.parse(Buffer.from(value).toString())),
  )
  await table.close()
  return found
}

async function findings(): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { partition } of await eventLog.watermarks(accessFindings))
    for await (const records of eventLog.read(accessFindings, { partition }))
      for (const { value } of records)
        found.push(Finding.parse(JSON.parse(Buffer.from(value ?? []).toString())))
  return found
}

interface RoleOptions {
  readonly log?: EventLog
  readonly sweep_every?: string
  readonly settle?: string
  readonly retention_ms?: number
}

async function verifyFor<T>(
  what: string,
  until: (metrics: Registry) => Promise<T | undefined | null | false>,
  { log = eventLog, sweep_every = '1s', settle = '1m', retention_ms = 90 * DAY_MS }: RoleOptions = {},
): Promise<T> {
  const config = VerifyConfig.parse({ every: '100ms', sweep_every, settle, duty: 1 })
  const checkpoint_paths = [join(engine.dataDir, 'checkpoints')]
  const extras = {
    endpoint: engine.engine.endpoint,
    tenant: 'default',
    checkpoint_paths,
    retention_ms,
    pin_first: false,
    // Of the three, so that a day is too much at once, and the round goes on in halves.
    most_stretches: 2,
  }
  const own = { ...runtime(), eventLog: log }
  const role = await startVerify(own, config, extras)
  try {
    return await eventually(what, () => until(own.metrics))
  } finally {
    await role.stop()
  }
}

/** Whether this process has ended a round. */
async function swept(metrics: Registry): Promise<boolean> {
  const metric = await metrics.getSingleMetric('gatewatch_verify_swept_timestamp_seconds')?.get()
  return (metric?.values[0]?.value ?? 0) > 0
}

it('verifies what is stored, alerts once when some of it goes, and says when it is back', async () => {
  // given a store that nobody touched
  const progress = await verifyFor('a round', async () => {
    const read = await readProgress(eventLog, 'default')
    return read?.verified_to !== null && read
  })
  expect(progress).toMatchObject({ problems: 0 })
  expect(await alerts()).toEqual([])

  // when decisions disappear, which were verified long ago
  await engine.client.command({
    query: 'CREATE TABLE kept ENGINE = MergeTree ORDER BY id AS SELECT * FROM decisions',
  })
  await engine.client.command({ query: 'DELETE FROM decisions WHERE pep_seq BETWEEN 60 AND 69' })
  const fired = await verifyFor('an alert', async () => (await alerts())[0])

  // then one alert tells of it, and a restart tells of it no second time
  expect(fired).toMatchObject({ kind: 'integrity', state: 'firing', severity: 'critical', revision: 1 })
  expect(fired.description).toContain('numbers 60 to 69 (10 decisions) are missing')
  // … though it goes on with a round whose other part found it
  const noted = await readProgress(eventLog, 'default')
  if (noted === null) throw new Error('no progress')
  const { schema_version: _, kind: _kind, name: _name, ...progressed } = noted
  await writeProgress(eventLog, { ...progressed, sweep_to: decisions[100]?.decided_at ?? null })
  await verifyFor('another round', async () => ((await readProgress(eventLog, 'default'))?.problems ?? 0) > 0)
  expect(await alerts()).toEqual([fired])
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  const day = { now: Date.now(), from: decisions[0]?.decided_at ?? '', most_stretches: 2 }
  await expect(verifyStore(store, day)).rejects.toMatchObject({ code: 'ERR_RANGE_TOO_LARGE' })

  // and when they are put back, it is over
  await engine.client.command({
    query: 'INSERT INTO decisions SELECT * FROM kept WHERE pep_seq BETWEEN 60 AND 69',
    clickhouse_settings: { insert_deduplicate: 0 },
  })
  const over = await verifyFor('the end', async () =>
    (await alerts()).find(({ state }) => state === 'resolved'),
  )
  expect(over).toMatchObject({ id: fired.id, revision: 2 })

  // and the same is one finding about the enforcement point, in figures, that closed by itself
  const told = await findings()
  expect(told.map(({ revision, closed_at }) => [revision, closed_at])).toEqual([
    [1, undefined],
    [2, over.resolved_at],
  ])
  expect(new Set(told.map(({ id }) => id)).size).toBe(1)
  expect(told[0]).toMatchObject({
    detector: { id: 'decision-gap' },
    cause: 'recording',
    entity: { type: 'pep', id: fired.entity?.id },
    evidence_nats: 0,
    technique: 'T1070',
    evidence: { problems: 1, alert: fired.id },
  })
  expect(told[0]?.evidence['details']).toContain('numbers 60 to 69 (10 decisions) are missing')

  // and what the store let go of while it kept decisions for 90 minutes, it does not miss when it keeps them longer
  await verifyFor('a start', async () => true, { retention_ms: DAY_MS / 16 })
  await engine.client.command({ query: 'DELETE FROM decisions WHERE pep_seq BETWEEN 60 AND 69' })
  await verifyFor('a round', swept)
  expect(await alerts()).toEqual([over])
})

it('tells of what it found when the log takes alerts again, and does not leave that to the next round', async () => {
  const away = new Proxy(eventLog, {
    get(log, name) {
      const own: unknown = Reflect.get(log, name, log)
      if (typeof own !== 'function') return own
      if (name !== 'append') return own.bind(log)
      return async (records: readonly OutRecord[]) => {
        if (records.some(({ topic }) => topic === alertsOutbox) && refusals++ === 0)
          throw new Error('the log is away')
        return eventLog.append(records)
      }
    },
  })
  let refusals = 0
  let recorded: Promise<void> | undefined
  await verifyFor(
    'an alert after the first round',
    async (metrics) => {
      if (await swept(metrics)) recorded ??= recordWithout('gw-away')
      await recorded
      return (await alerts()).some(({ entity }) => entity?.id === 'gw-away')
    },
    { log: away, sweep_every: '1d', settle: '0ms' },
  )
  expect(refusals).toBe(2)
})

/** A gateway that records ten decisions now, of which the store gets all but the last. */
async function recordWithout(pep_id: string): Promise<void> {
  const at = Date.now()
  const boot = await chainedBoot({
    dataDir: engine.dataDir,
    eventLog,
    pep_id,
    every: 50,
    end: 'stop',
    now: Date.now,
    drafts: Array.from({ length: 10 }, (_, n) => draft(at + n)),
  })
  const store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  await insertDecisions(store, pep_id, boot.decisions.slice(0, 9))
}

function draft(atMs: number, id = '/') {
  return {
    decided_at: new Date(atMs).toISOString(),
    outcome: 'permit' as const,
    subject: { type: 'user' as const, id: 'alice' },
    action: { name: 'read' },
    resource: { type: 'http', id },
  }
}

/** That the gateway whose canary is looked for is alive. */
const heartbeat = (at: number): OutRecord =>
  jsonRecord(control, {
    schema_version: 1,
    kind: 'heartbeat',
    tenant: 'default',
    name: 'pep/gw-7',
    at: new Date(at).toISOString(),
    pep_id: 'gw-7',
    boot_id: 'b1',
    seq: 1,
    policy_revision: 'r',
    risk_age_ms: 0,
  })

it('tells how old the canary is that was scored last, and the one that the store has', async () => {
  const now = Date.now()
  const canary = (seconds: number): Decision => ({
    schema_version: 1,
    id: `canary-${seconds}`,
    origin: 'live',
    ...canaryDraft('gw-7', now - seconds * 1000),
  })
  await insertDecisions({ dataDir: engine.dataDir, eventLog, client: engine.client }, 'canary', [canary(60)])
  await eventLog.append([
    jsonRecord(accessScored, plainlyScored(canary(20)), { ce_time: canary(20).decided_at }),
    heartbeat(now),
  ])
  const own = runtime()
  const watch = await startCanaryWatch(own, { endpoint: engine.engine.endpoint })
  const ages = await eventually('both ages', async () => {
    const metric = await own.metrics.getSingleMetric('gatewatch_canary_age_seconds')?.get()
    const values = new Map(metric?.values.map(({ labels, value }) => [labels['stage'], value]))
    return (
      values.size === 2 && (values.get('store') ?? 0) >= 60 && (values.get('scored') ?? 0) >= 20 && values
    )
  })
  await watch.stop()
  // 40 s lie between the two, however long this took.
  expect((ages.get('store') ?? 0) - (ages.get('scored') ?? 0)).toBeGreaterThan(30)
  expect((ages.get('store') ?? 0) - (ages.get('scored') ?? 0)).toBeLessThan(50)
  expect(CANARY_TENANT).not.toBe('default')
})

it('stops at once, though a store that takes connections and never answers is being asked', async () => {
  const asked = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    asked.resolve()
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  await eventLog.append([heartbeat(Date.now())])
  const watch = await startCanaryWatch(runtime(), {
    endpoint: { url: `http://127.0.0.1:${port}`, username: 'u', password: 'p', database: 'd' },
    request_timeout_ms: 600_000,
  })
  await asked.promise
  expect(await within(watch.stop(), 60_000)).not.toBe('late')
  for (const socket of sockets) socket.destroy()
  silent.close()
})
