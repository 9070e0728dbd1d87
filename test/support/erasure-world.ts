import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import type { Decision } from '../../schemas/decision.ts'
import {
  accessDecisions,
  accessFindings,
  accessScored,
  accessStories,
  alertsOutbox,
  analystVerdicts,
  deadLetterOf,
  deviceInventory,
  privacyErasures,
  riskState,
  sessionLogouts,
  subjectCensus,
  topics,
} from '../../schemas/topics.ts'
import { openRawRuntime, type OpenRuntime } from '../../services/cli/open-runtime.ts'
import { Config } from '../../services/config.ts'
import type { DecisionDraft } from '../../services/gateway/record/decision-draft.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { openStore, type Store } from '../../services/runtime/clickhouse/open-store.ts'
import { erasingLog } from '../../services/runtime/erasures/erasing-log.ts'
import { erasureSecret } from '../../services/runtime/erasures/secret.ts'
import { GatewatchError } from '../../services/runtime/errors.ts'
import type { EventLog, OutRecord } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { startStorage } from '../../services/storage/main.ts'
import type { Report } from '../../services/verify/report.ts'
import { chainedBoot, verifyStore } from './store/chained-store.ts'
import { eventually } from './eventually.ts'
import { alert } from './feedback/alert.ts'
import { sampleFinding, sampleRisk, sampleStory, sampleVerdict } from './events/samples.ts'
import { rowsOf } from './store/temp-engine.ts'

const logger = pino({ level: 'silent' })

/** Texts by which a person is found in any file; no other text of the world holds one. */
export const ALICE = {
  id: 'alice-q7x',
  session: 'session-of-alice-q7x-0001',
  device: 'laptop-of-alice-q7x',
  ip: '198.51.100.77',
  prefix: '198.51.100.0/24',
  agent: 'AliceBrowser/7.1',
} as const
/** Whose name begins like hers. */
const BOB = {
  id: 'alice-q7x.smith',
  session: 'session-of-bob-000001',
  device: 'laptop-of-bob',
  ip: '203.0.113.9',
} as const

const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 6 * 3_600_000

/** `kafka`: the log is there rather than in the data directory. */
export function configOf(dataDir: string, kafka?: Record<string, unknown>): Config {
  return Config.parse({ data_dir: dataDir, log_level: 'error', ...(kafka && { kafka }) })
}

/** Two people's decisions on one gateway, by turns; every tenth is of somebody who did not say who. */
function drafts(count: number): DecisionDraft[] {
  return Array.from({ length: count }, (_, n) => {
    const who = n % 2 === 0 ? ALICE : BOB
    const unknown = n % 10 === 4
    return {
      tenant: 'default',
      origin: 'live',
      decided_at: new Date(START + n * 1000).toISOString(),
      outcome: n % 7 === 0 ? 'deny' : 'permit',
      reasons: ['policy_permit'],
      subject: unknown
        ? { type: 'anonymous', id: 'anonymous' }
        : {
            type: 'user',
            id: who.id,
            session_id: who.session,
            groups: ['staff'],
            authenticated_at: new Date(START).toISOString(),
          },
      ...(!unknown && { device: { id: who.device, managed: true } }),
      action: { name: 'read' },
      resource: { type: 'http', id: `/records/${n % 5}`, app: 'records', path_template: '/records/{id}' },
      context: {
        ip: who.ip,
        user_agent: 'agent' in who ? who.agent : 'Mozilla/5.0',
        http: { method: 'GET', path: `/records/${n % 5}?of=${who.id}` },
      },
      policy: { revision: 'r-1', rule_id: 'staff', route_id: 'records', inputs: { 'subject.id': who.id } },
      latency_us: 400 + n,
    } satisfies DecisionDraft
  })
}

/** A data directory with two people in every topic and table, as the roles have left it when they were stopped. */
export async function makeWorld(config: Config): Promise<{ decisions: readonly Decision[] }> {
  const { data_dir: dataDir } = config
  const runtime = await openRawRuntime(config, logger)
  const { eventLog } = runtime
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  const scoring = await startScoring(runtime, config.scoring, { tenant: 'default' })
  const storage = await startStorage(runtime, { ...config.storage, linger_ms: 50, min_rows: 1 }, store)
  const { decisions } = await chainedBoot({
    dataDir,
    eventLog,
    pep_id: 'gw-1',
    drafts: drafts(120),
    every: 40,
    end: 'stop',
    now: () => START + 3_600_000,
  })
  await appended(
    eventLog,
    decisions.map((decision) => jsonRecord(accessDecisions, decision)),
  )
  await appended(eventLog, recordsAbout())
  await scoring.drained()
  await eventually('everything stored', async () => {
    const [row] = await rowsOf<{ all: number }>(
      client,
      `SELECT toUInt32((SELECT uniqExact(id) FROM decisions) = 120 AND (SELECT count() FROM findings) >= 3
        AND (SELECT count() FROM stories) >= 2 AND (SELECT count() FROM verdicts) = 2 AND (SELECT count() FROM risk_states) >= 3
        AND (SELECT count() FROM dead_letters) = 3) AS all`,
    )
    return row?.all === 1
  })
  await storage.stop()
  await scoring.stop()
  await client.close()
  await store.stop()
  await runtime.close()
  return { decisions }
}

/** However slow the brokers of a busy machine are: the same records are written once. */
async function appended(eventLog: EventLog, records: readonly OutRecord[]): Promise<void> {
  await eventually('records taken', async () => {
    try {
      await eventLog.append(records)
      return true
    } catch (error) {
      if (error instanceof GatewatchError && error.retriable) return false
      throw error
    }
  })
}

function recordsAbout(): readonly OutRecord[] {
  const at = new Date(START + 60_000).toISOString()
  const alice = { type: 'subject', id: `user:${ALICE.id}` } as const
  const bob = { type: 'subject', id: `user:${BOB.id}` } as const
  const office = { type: 'source', id: '192.0.2.0/24' } as const
  const dead = deadLetterOf(accessDecisions)
  const headers = {
    reason: 'invalid-json',
    detail: '',
    'source-topic': accessDecisions.name,
    'source-partition': '0',
    'source-offset': '1',
  }
  return [
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-alice',
        observed_at: at,
        entity: alice,
        entities: [
          { type: 'session', id: ALICE.session },
          { type: 'source', id: ALICE.prefix },
        ],
        evidence: { from: ALICE.ip, refusals: 12 },
        summary: `Refused from ${ALICE.ip}.`,
      }),
    ),
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-office',
        observed_at: at,
        entity: office,
        entities: [alice, bob],
        evidence: { tried: 2, first: ALICE.id, second: BOB.id },
        summary: `Tried ${ALICE.id}, ${BOB.id}.`,
      }),
    ),
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-bob',
        observed_at: at,
        entity: bob,
        entities: [{ type: 'session', id: BOB.session }],
      }),
    ),
    jsonRecord(
      accessStories,
      sampleStory({
        id: 's-alice',
        observed_at: at,
        state: 'closed',
        closed_at: at,
        title: `${ALICE.id} is refused`,
        entities: [alice],
      }),
    ),
    jsonRecord(
      accessStories,
      sampleStory({
        id: 's-office',
        observed_at: at,
        state: 'closed',
        closed_at: at,
        title: `Spray on ${ALICE.id} and ${BOB.id}`,
        entities: [office, alice, bob],
        suspects: [office],
      }),
    ),
    jsonRecord(riskState, sampleRisk({ entity: alice, updated_at: at })),
    jsonRecord(riskState, sampleRisk({ entity: { type: 'session', id: ALICE.session }, updated_at: at })),
    jsonRecord(riskState, sampleRisk({ entity: bob, updated_at: at })),
    jsonRecord(
      analystVerdicts,
      sampleVerdict({ id: 'v-alice', entity: alice, decided_at: at, note: `spoke with ${ALICE.id}` }),
    ),
    jsonRecord(analystVerdicts, sampleVerdict({ id: 'v-bob', entity: bob, decided_at: at })),
    jsonRecord(alertsOutbox, alert({ id: 'a-alice', entity: alice, summary: `${ALICE.id} is refused` })),
    jsonRecord(subjectCensus, {
      schema_version: 1,
      tenant: 'default',
      subject: alice.id,
      first_permitted_at: at,
    }),
    jsonRecord(subjectCensus, {
      schema_version: 1,
      tenant: 'default',
      subject: bob.id,
      first_permitted_at: at,
    }),
    jsonRecord(deviceInventory, {
      schema_version: 1,
      tenant: 'default',
      id: 'inventory-1',
      managed: true,
      os: 'linux',
      posture: 'compliant',
      tier: 'basic',
      owner: ALICE.id,
      key_thumbprint: null,
      updated_at: at,
    }),
    jsonRecord(sessionLogouts, {
      schema_version: 1,
      tenant: 'default',
      session_id: ALICE.session,
      logged_out_at: at,
      expires_at: at,
    }),
    {
      topic: dead,
      key: `default/subject/user:${ALICE.id}`,
      value: `not json, and of ${ALICE.id} at ${ALICE.ip}`,
      headers,
    },
    { topic: dead, key: 'x', value: `{"who":"${ALICE.session}"`, headers },
    { topic: dead, key: 'y', value: `{"who":"${BOB.id}"`, headers },
  ]
}

/** Files under a directory that hold one of the texts, as they lie on the disk. */
export async function filesWith(directory: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    for (const text of texts) {
      const at = placeOfWord(bytes, text)
      if (at === -1) continue
      const around = bytes.toString('latin1', Math.max(0, at - 80), at + text.length + 80)
      found.push(`${path}: ${text} at ${at}: ${JSON.stringify(around)}`)
    }
  }
  return found
}

const NAMESAKE = '.smith'
const BEFORE = 64

/**
 * Of `alice-q7x`, and not the beginning of `alice-q7x.smith`; or −1. A compacted
 * log has torn copies of living pages where a page is not full (LMDB fills its
 * buffers again without clearing them): of her namesake, when the same bytes
 * come before a mention that is whole.
 */
function placeOfWord(bytes: Buffer, text: string): number {
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) {
    if (bytes.toString('latin1', at + text.length, at + text.length + NAMESAKE.length) === NAMESAKE) continue
    const upTo = bytes.subarray(Math.max(0, at - BEFORE), at + text.length)
    if (!bytes.includes(Buffer.concat([upTo, Buffer.from(NAMESAKE)]))) return at
  }
  return -1
}

/** Everything that leads to alice; her network too, since nobody else came from it. */
export const MARKERS = [ALICE.id, ALICE.session, ALICE.device, ALICE.ip, ALICE.prefix, ALICE.agent]

/** Log and store of a data directory that nobody else has open. */
async function withBoth<T>(
  config: Config,
  run: (runtime: OpenRuntime, store: Store, client: ClickHouseClient) => Promise<T>,
): Promise<T> {
  const runtime = await openRawRuntime(config, logger)
  const store = await openStore({ dataDir: config.data_dir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  try {
    return await run(runtime, store, client)
  } finally {
    await client.close()
    await store.stop()
    await runtime.close()
  }
}

export interface Contents {
  /** Records of the log, by place; erasures themselves apart. */
  readonly lines: readonly string[]
  readonly rows: readonly string[]
  readonly report: Report
  /** The same, once an erased decision was altered; null where that was not asked for. */
  readonly altered: Report | null
}

/** A record of the log as a line: topic, partition, offset, key, headers, value; erasures themselves apart. */
export async function linesOf(eventLog: EventLog): Promise<string[]> {
  const lines: string[] = []
  for (const topic of topics)
    for (const { partition } of topic.name === privacyErasures.name ? [] : await eventLog.watermarks(topic))
      for await (const records of eventLog.read(topic, { partition }))
        for (const { offset, key, value, headers } of records)
          lines.push(
            `${topic.name} ${partition} ${offset} ${key} ${JSON.stringify(headers)} ${value === null ? '' : Buffer.from(value).toString('latin1')}`,
          )
  return lines
}

/** All that log and store hold, as text: columns are compressed on the disk, and a look at the files alone would miss them. */
export function contentsOf(config: Config, alter = false): Promise<Contents> {
  const { data_dir: dataDir } = config
  return withBoth(config, async ({ eventLog }, _store, client) => {
    const lines = await linesOf(eventLog)
    const report = await verifyNow(dataDir, eventLog, client)
    const rows = await rowsIn(client)
    return { lines, rows, report, altered: alter ? await tampered(dataDir, eventLog, client) : null }
  })
}

/** Every row of every table that names things; sets of hashes and the days that are counted again apart. */
async function rowsIn(client: ClickHouseClient): Promise<string[]> {
  const tables = await rowsOf<{ name: string }>(
    client,
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'ReplacingMergeTree' AND name != 'schema_migrations'`,
  )
  const rows: string[] = []
  for (const { name } of tables)
    for (const row of await rowsOf<Record<string, unknown>>(client, `SELECT * FROM ${name}`)) {
      const letter =
        name === 'dead_letters' ? Buffer.from(String(row['value_base64']), 'base64').toString() : ''
      rows.push(`${name} ${JSON.stringify(row)} ${letter}`)
    }
  return rows.sort()
}

function verifyNow(dataDir: string, eventLog: EventLog, client: ClickHouseClient): Promise<Report> {
  const from = new Date(START - 1000).toISOString()
  return verifyStore({ dataDir, eventLog, client }, { now: START + 7_200_000, from })
}

/** What is found when an erased decision is altered; it is put back. */
async function tampered(dataDir: string, eventLog: EventLog, client: ClickHouseClient): Promise<Report> {
  const change = (by: string) =>
    client.command({
      query: `ALTER TABLE decisions UPDATE latency_us = latency_us ${by} WHERE subject_id = 'erased' AND pep_seq = 20`,
      clickhouse_settings: { mutations_sync: '2' },
    })
  await change('+ 1')
  const report = await verifyNow(dataDir, eventLog, client)
  await change('- 1')
  return report
}

/** Records that come once more are scored and stored as the roles do it; the rows of the store. */
export async function storeAgain(config: Config, records: readonly OutRecord[]): Promise<readonly string[]> {
  return withBoth(config, async (raw, store, client) => {
    const runtime = {
      ...raw,
      eventLog: erasingLog(raw.eventLog, () => erasureSecret(config.data_dir, config.erasure)),
    }
    await raw.eventLog.append(records)
    const scoring = await startScoring(runtime, config.scoring, { tenant: 'default' })
    await scoring.drained()
    await scoring.stop()
    const storage = await startStorage(runtime, { ...config.storage, linger_ms: 0, min_rows: 1 }, store)
    await eventually('everything stored', async () => {
      const [at] = await raw.eventLog.watermarks(accessScored)
      return (await raw.eventLog.committed('storage', accessScored)).get(0) === at?.high
    })
    await storage.stop()
    const scored: string[] = []
    for await (const page of raw.eventLog.read(accessScored, { partition: 0 }))
      for (const { key, value } of page) scored.push(`${key} ${Buffer.from(value ?? []).toString()}`)
    return [...scored, ...(await rowsIn(client))]
  })
}

const named = (text: string, word: string): boolean => text.replaceAll(`${ALICE.id}.smith`, '').includes(word)

/** The texts that hold something that leads to alice. */
export function ofAlice(texts: readonly string[]): string[] {
  return texts.filter((text) => MARKERS.some((word) => named(text, word)))
}

/** The texts that name bob alone: neither her, nor somebody erased. */
export function ofBobAlone(texts: readonly string[]): string[] {
  return texts.filter(
    (text) => text.includes(BOB.id) && !/\berased\b/.test(text) && !MARKERS.some((word) => named(text, word)),
  )
}
