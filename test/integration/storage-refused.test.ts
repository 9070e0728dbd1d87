import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { Finding } from '../../schemas/finding.ts'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessFindings, accessScored, deadLetterOf } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { StorageConfig } from '../../services/storage/config.ts'
import { startStorage } from '../../services/storage/main.ts'
import { rowsOf, startTempEngine } from '../support/store/temp-engine.ts'

it('what no row can be made of, and what the store refuses, goes to the dead letters; the rest goes in', async () => {
  // given a batch with good decisions, one that is no JSON, one without a date, and one that no UInt16 holds
  const store = await startTempEngine()
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-refused-'))
  const logger = pino({ level: 'silent' })
  const metrics = new Registry()
  const eventLog = await openEmbeddedLog({ directory, partitions: 2, logger })
  const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
  const base = ScoredDecision.parse(JSON.parse(golden))
  const finding = Finding.parse(
    JSON.parse(await readFile(new URL('../golden/v1/finding.json', import.meta.url), 'utf8')),
  )
  const decision = (id: string, more: object = {}) => ({
    ...base,
    decision: { ...base.decision, id, ...more },
  })
  await eventLog.append([
    ...['a', 'b', 'c'].map((id) => jsonRecord(accessScored, decision(id))),
    { topic: accessScored, key: 'k', value: 'no json' },
    jsonRecord(accessScored, decision('undated', { decided_at: '2026-02-30T00:00:00.000Z' })),
    jsonRecord(accessScored, decision('port', { context: { port: 'eighty' as unknown as number } })),
    {
      ...jsonRecord(accessScored, base),
      value: JSON.stringify({ ...decision('scores'), scores: { x: 'high' } }),
    },
    jsonRecord(accessScored, decision('d')),
    // These go in as text, which the store itself reads.
    ...['f-1', 'f-2', 'f-3'].map((id) => jsonRecord(accessFindings, { ...finding, id })),
    {
      ...jsonRecord(accessFindings, finding),
      value: JSON.stringify({ ...finding, id: 'f-4', score: 'high' }),
    },
  ])

  // when they are stored
  const config = StorageConfig.parse({ linger_ms: 0 })
  const running = await startStorage({ dataDir: store.dataDir, logger, metrics, eventLog }, config, {
    endpoint: store.engine.endpoint,
  })
  onTestFinished(async () => {
    await running.stop()
    await eventLog.close()
    await store.close()
    await rm(directory, { recursive: true, force: true })
  })

  // then the good ones are rows, and the dead letters, stored too, say why
  const dead = 'SELECT reason, source_topic FROM dead_letters ORDER BY reason'
  await expect
    .poll(() => rowsOf(store.client, dead))
    .toEqual([
      { reason: 'invalid-json', source_topic: accessScored.name },
      { reason: 'store-refused', source_topic: accessFindings.name },
      { reason: 'unstorable', source_topic: accessScored.name },
      { reason: 'unstorable', source_topic: accessScored.name },
      { reason: 'unstorable', source_topic: accessScored.name },
    ])
  expect(await rowsOf(store.client, 'SELECT id FROM decisions ORDER BY id')).toEqual(
    ['a', 'b', 'c', 'd'].map((id) => ({ id })),
  )
  const marks = await eventLog.watermarks(deadLetterOf(accessScored))
  expect(marks.reduce((sum, { high }) => sum + high, 0)).toBe(4)
  expect(await rowsOf(store.client, 'SELECT id FROM findings ORDER BY id')).toEqual(
    ['f-1', 'f-2', 'f-3'].map((id) => ({ id })),
  )
  const text = await metrics.metrics()
  expect(text).toMatch(/gatewatch_storage_rows_total\{table="decisions"\} 4/)
  expect(text).toMatch(/gatewatch_storage_dead_letters_total\{reason="unstorable"\} 3/)
  expect(text).toMatch(/gatewatch_storage_lag_records\{topic="access.scored.v1"\} 0/)
})
