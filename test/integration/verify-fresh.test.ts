import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { openDemoChain, type DemoDraft } from '../../services/demo/chain/chain.ts'
import { CheckpointsConfig } from '../../services/runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../../services/runtime/checkpoints/signer.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openTrust } from '../../services/verify/checkpoints/trust.ts'
import { openExpiry } from '../../services/verify/expiry.ts'
import { openFresh, type Fresh } from '../../services/verify/fresh.ts'
import { chainedBoot, insertDecisions, verifyStore } from '../support/store/chained-store.ts'
import { startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const MINUTE_MS = 60_000
/** Recent: the store lets go of what is older than its days. */
const BEGAN = Date.now() - 120 * MINUTE_MS

let engine: TempEngine
let eventLog: EventLog
let folder: string

beforeAll(async () => {
  engine = await startTempEngine()
  await migrate(engine.client)
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
  const report = await verifyStore(store, { now: Date.now() + 60 * MINUTE_MS })
  expect({ ...report, elapsed_ms: 0 }).toMatchObject({ verdict: 'proven', problems: [], undecided: [] })
  expect(report.proven).toBeGreaterThanOrEqual(9)
})
