import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { Decision } from '../../schemas/decision.ts'
import { Finding } from '../../schemas/finding.ts'
import {
  accessDecisions,
  accessFindings,
  deadLetterOf,
  type LogTopic,
  type Topic,
} from '../../schemas/topics.ts'
import { FeedbackConfig } from '../../services/feedback/config.ts'
import { startFeedback } from '../../services/feedback/main.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import type { Runtime } from '../../services/runtime/runtime.ts'
import { openTokens } from '../../services/runtime/tokens.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'

const golden = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../golden/v1/${name}.json`, import.meta.url), 'utf8'))

/** What may come, and the reason under which it is put aside; the good one is put to both ends. */
async function poison<T extends { readonly schema_version: number }>(
  eventLog: EventLog,
  topic: Topic<T>,
  good: readonly [first: T, last: T],
  newer: string,
): Promise<string[]> {
  const [first, last] = good
  const key = topic.key(first)
  const bad: [value: Uint8Array | string | null, reason: string, key: string][] = [
    [JSON.stringify({ ...first, unmapped: { padding: 'x'.repeat(5 * 1024 * 1024) } }), 'too-large', key],
    ['not JSON', 'invalid-json', key],
    [new Uint8Array([0xff, 0xfe, 0x00]), 'invalid-utf8', key],
    [null, 'no-value', key],
    [JSON.stringify({ ...first, schema_version: 2 }), newer, key],
    [JSON.stringify(first), 'wrong-key', 'default/subject/user:somebody-else'],
  ]
  await eventLog.append([
    jsonRecord(topic, first),
    ...bad.map(([value, , under]) => ({ topic, key: under, value })),
    jsonRecord(topic, last),
  ])
  return bad.map(([, reason]) => reason).sort()
}

async function reasons(eventLog: EventLog, topic: LogTopic): Promise<string[]> {
  const found: string[] = []
  for (const { partition } of await eventLog.watermarks(deadLetterOf(topic)))
    for await (const records of eventLog.read(deadLetterOf(topic), { partition }))
      for (const { headers } of records) {
        expect(headers).toMatchObject({ 'source-topic': topic.name })
        found.push(headers['reason'] ?? '')
      }
  return found.sort()
}

it('what can not be read is put aside with its reason, by scoring and by the ledger, and what comes behind it is handled', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-poison-'))
  const eventLog = await openEmbeddedLog({ directory: join(dataDir, 'log') })
  const logger = pino({ level: 'silent' })
  const runtime: Runtime = { dataDir, logger, metrics: new Registry(), eventLog }
  const scoring = await startScoring(runtime, ScoringConfig.parse({}))
  const tokens = await openTokens(dataDir)
  const feedback = await startFeedback(runtime, FeedbackConfig.parse({ port: 0 }), {
    tokens,
    tenant: 'default',
  })
  onTestFinished(async () => {
    await feedback.stop()
    await scoring.stop()
    await eventLog.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  const decision = Decision.parse(await golden('decision-minimal'))
  const finding = Finding.parse(await golden('finding'))
  const ofDecisions = await poison(
    eventLog,
    accessDecisions,
    [decision, { ...decision, id: 'the-last' }],
    'invalid-decision',
  )
  const ofFindings = await poison(
    eventLog,
    accessFindings,
    [finding, { ...finding, id: 'f'.repeat(32) }],
    'schema',
  )

  await untilCaughtUp(eventLog, [
    ['scoring', accessDecisions],
    ['feedback', accessFindings],
  ])
  expect(await reasons(eventLog, accessDecisions)).toEqual(ofDecisions)
  expect(await reasons(eventLog, accessFindings)).toEqual(ofFindings)
})
