import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { generate } from '../../services/cli/bench/dashboards/generate.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const CHILD = fileURLToPath(new URL('../support/store/roll-up-process.ts', import.meta.url))
const DAY_MS = 86_400_000
const PIECE_ROWS = 700
/** One of each way in which a day is cut. */
const TABLES = ['decisions_by_day', 'decisions_by_hour', 'stays_by_day']
/** Pieces after which a worker is killed: in the midst of a table, and in the next one. */
const KILLED_AFTER = [2, 9]

it('a day that is rolled up in pieces says the same as in one, however often its worker is killed, and goes on where it was', async () => {
  // given a day of 3,000 decisions that is rolled up in one piece
  const store = await startTempEngine()
  onTestFinished(() => store.close())
  await migrate(store.client)
  const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS
  const day = new Date(midnight - DAY_MS).toISOString().slice(0, 10)
  await generate(store.client, { rows: 3_000, days: 1, nowMs: midnight, progress() {} })
  const expected = await contents(store)
  expect(expected.map((rows) => rows.length > 100)).toEqual(TABLES.map(() => true))

  // when nothing is rolled up any more, and worker after worker is killed while it rolls up in pieces
  for (const table of [...TABLES, 'roll_up_pieces'])
    await store.client.command({ query: `TRUNCATE TABLE ${table}` })
  await store.client.command({
    query: `ALTER TABLE decision_days DELETE WHERE rolled_at > toDateTime64(0, 3, 'UTC')`,
    clickhouse_settings: { mutations_sync: '1' },
  })
  const done: string[] = []
  for (const pieces of [...KILLED_AFTER, Infinity]) done.push(...(await rollUp(store, day, pieces)))

  // then tables hold the same, and no worker did again what one before had written down
  expect(await contents(store)).toEqual(expected)
  const piecesOf = (table: string) => done.filter((each) => each === table).length
  // What a dead worker had asked for last, a busy engine may write down behind its successor's: some pieces come again.
  const again = 3 * KILLED_AFTER.length
  expect(piecesOf('decisions_by_hour')).toBeGreaterThanOrEqual(24)
  expect(piecesOf('decisions_by_hour')).toBeLessThanOrEqual(24 + again)
  for (const table of ['decisions_by_day', 'stays_by_day']) {
    expect(piecesOf(table)).toBeGreaterThanOrEqual(4)
    expect(piecesOf(table)).toBeLessThanOrEqual(4 + again)
  }
  expect(
    await rowsOf(store.client, 'SELECT DISTINCT toString(beyond) AS beyond FROM roll_up_pieces FINAL'),
  ).toEqual([{ beyond: '' }])
})

/** Pieces that a worker did before it was killed with SIGKILL, after so many, or ended. */
async function rollUp(store: TempEngine, day: string, pieces: number): Promise<readonly string[]> {
  const child = fork(CHILD, [store.dataDir, day, String(PIECE_ROWS), TABLES.join(',')], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const done: string[] = []
  child.on('message', (table: string) => {
    done.push(table)
    if (done.length >= pieces) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'exit')
  expect([code, signal]).toEqual(pieces === Infinity ? [0, null] : [null, 'SIGKILL'])
  return done
}

/** The rows of each table, without the states of sets, which are counted. */
async function contents({ client }: TempEngine): Promise<readonly (readonly unknown[])[]> {
  const tables: (readonly unknown[])[] = []
  for (const table of TABLES) {
    const sets =
      table === 'decisions_by_day' ? 'EXCEPT subjects, finalizeAggregation(subjects) AS people' : ''
    tables.push(await rowsOf(client, `SELECT * ${sets} FROM ${table} FINAL ORDER BY ALL`))
  }
  return tables
}
