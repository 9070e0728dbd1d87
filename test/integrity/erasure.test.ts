import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { openRuntime } from '../../services/cli/open-runtime.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { openStore } from '../../services/runtime/clickhouse/open-store.ts'
import { verifyStore } from '../support/chained-store.ts'
import { runCliProcess } from '../support/cli-process.ts'
import { ALICE, BOB, configOf, filesWith, makeWorld, START } from '../support/erasure-world.ts'
import { rowsOf } from '../support/temp-engine.ts'

const logger = pino({ level: 'silent' })
/** Everything that leads to alice; her prefix too, since nobody else came from it. */
const MARKERS = [ALICE.id, ALICE.session, ALICE.device, ALICE.ip, ALICE.prefix, ALICE.agent]

/** All that log and store hold, as text: columns are compressed on the disk, and a look at the files alone would miss them. */
async function contents(dataDir: string) {
  const config = configOf(dataDir)
  const runtime = await openRuntime(config, logger)
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  try {
    const lines: string[] = []
    for (const topic of topics)
      for (const { partition } of await runtime.eventLog.watermarks(topic))
        for await (const records of runtime.eventLog.read(topic, { partition }))
          for (const { offset, key, value, headers } of records)
            lines.push(
              `${topic.name} ${partition} ${offset} ${key} ${JSON.stringify(headers)} ${value === null ? '' : Buffer.from(value).toString('latin1')}`,
            )
    const tables = await rowsOf<{ name: string }>(
      client,
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT LIKE 'decisions_by%'`,
    )
    const rows: string[] = []
    for (const { name } of tables)
      for (const row of await rowsOf<object>(client, `SELECT * FROM ${name}`)) {
        const text = JSON.stringify(row)
        rows.push(
          name === 'dead_letters'
            ? `${name} ${text} ${Buffer.from(String(Reflect.get(row, 'value_base64')), 'base64').toString()}`
            : `${name} ${text}`,
        )
      }
    const report = await verifyStore(
      { dataDir, eventLog: runtime.eventLog, client },
      { now: START + 7_200_000, from: new Date(START - 1000).toISOString() },
    )
    return { lines, rows: rows.sort(), report }
  } finally {
    await client.close()
    await store.stop()
    await runtime.close()
  }
}

const named = (text: string, word: string): boolean => text.replaceAll(`${ALICE.id}.smith`, '').includes(word)
const ofAlice = (texts: readonly string[]) =>
  texts.filter((text) => MARKERS.some((word) => named(text, word)))
const ofBobAlone = (texts: readonly string[]) =>
  texts.filter((text) => text.includes(BOB.id) && !MARKERS.some((word) => named(text, word)))

it('a person is erased from log, state and store, killed whenever; the chain is proven whole and nobody else loses a byte', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-erasure-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  const dataDir = join(directory, 'data')
  await makeWorld(dataDir)
  const before = await contents(dataDir)
  expect(before.report).toMatchObject({ verdict: 'proven', decisions: 120, erased: 0 })
  expect(ofAlice(before.lines).length).toBeGreaterThan(100)
  expect(await filesWith(dataDir, [ALICE.id])).not.toEqual([])

  const command = (...args: string[]) =>
    runCliProcess(['--data-dir', dataDir, 'erase', ...args], {}, directory)
  const erase = command(ALICE.id, '--yes')
  const code = await erase.exited()
  expect({ code, said: erase.output() }).toMatchObject({ code: 0 })
  expect(await filesWith(dataDir, MARKERS)).toEqual([])
  const after = await contents(dataDir)
  expect(ofAlice(after.lines)).toEqual([])
  expect(ofAlice(after.rows)).toEqual([])
  expect(after.report).toMatchObject({ verdict: 'proven', decisions: 120, proven: 120, erased: 60 })
  expect(ofBobAlone(after.lines)).toEqual(expect.arrayContaining(ofBobAlone(before.lines)))
  expect(ofBobAlone(after.rows)).toEqual(expect.arrayContaining(ofBobAlone(before.rows)))
})
