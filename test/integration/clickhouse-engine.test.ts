import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { locateEngine } from '../../services/runtime/clickhouse/endpoint-file.ts'
import { migrate, readMigrations } from '../../services/runtime/clickhouse/migrate.ts'
import { openStore } from '../../services/runtime/clickhouse/open-store.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { eventually } from '../support/eventually.ts'
import { rowsOf, startTempEngine } from '../support/store/temp-engine.ts'

const logger = pino({ level: 'silent' })
const settings = { username: 'default', database: 'gatewatch' }

describe('the engine process', () => {
  it('is started again when it dies, on the same endpoint, with what it had acknowledged', async () => {
    const metrics = new Registry()
    const dataDir = await tempDir()
    const engine = await startEngine({ dataDir, logger, metrics })
    const client = openClickHouse(engine.endpoint)
    onTestFinished(async () => {
      await client.close()
      await engine.stop()
    })
    await client.command({
      query:
        'CREATE TABLE kept (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS fsync_after_insert = 1, fsync_part_directory = 1',
    })
    for (let n = 1; n <= 2; n++) {
      await client.insert({ table: 'kept', values: [{ n }], format: 'JSONEachRow' })
      const before = engine.pid
      if (before === null) throw new Error('the engine is not there')
      process.kill(before, 'SIGKILL')
      await eventually(
        'another process answers',
        async () => engine.pid !== null && engine.pid !== before && (await client.ping()).success,
      )
    }
    expect(await rowsOf(client, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }])
    expect(await metrics.metrics()).toContain('gatewatch_clickhouse_engine_restarts_total 2')
  })

  it('keeps its socket, its files and its secrets to its user', async () => {
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    const mode = async (path: string) => ((await stat(join(store.dataDir, path))).mode & 0o777).toString(8)
    expect(await mode('clickhouse')).toBe('700')
    expect(await mode('clickhouse/engine.sock')).toBe('600')
    expect(await mode('secrets')).toBe('700')
    expect(await mode('secrets/clickhouse-writer')).toBe('600')
    expect(await mode('secrets/clickhouse-reader')).toBe('600')
  })

  it('listens where a socket can be when the path of the data directory is too long for one', async () => {
    const dataDir = join(await tempDir(), 'x'.repeat(120))
    const engine = await startEngine({ dataDir, logger })
    onTestFinished(() => engine.stop())
    const located = await locateEngine(dataDir)
    expect(located?.socket_path?.length).toBeLessThan(104)
    const client = openClickHouse(engine.endpoint)
    expect(await client.ping({ select: true })).toEqual({ success: true })
    await client.close()
  })

  it('is refused to a second holder, who can use the living one', async () => {
    const dataDir = await tempDir()
    expect(await locateEngine(dataDir)).toBeNull()
    const engine = await startEngine({ dataDir, logger })
    await expect(startEngine({ dataDir, logger })).rejects.toMatchObject({ code: 'ERR_DATA_DIR_IN_USE' })
    const other = await openStore({ dataDir, settings, logger })
    expect(other.from).toBe('other-process')
    const client = openClickHouse(other.endpoint)
    expect(await client.ping({ select: true })).toEqual({ success: true })
    await client.close()
    await other.stop()
    await engine.stop()
    expect(await locateEngine(dataDir)).toBeNull()
  })

  it('of two that start at once, one opens it and the other uses it', async () => {
    const dataDir = await tempDir()
    const stores = await Promise.all([0, 1].map(() => openStore({ dataDir, settings, logger })))
    expect(stores.map(({ from }) => from).sort()).toEqual(['other-process', 'own-engine'])
    for (const store of stores) await store.stop()
  })

  it('says which setting names the port that is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await expect(
      startEngine({ dataDir: await tempDir(), logger, listen: { host: '127.0.0.1', port } }),
    ).rejects.toMatchObject({ code: 'ERR_PORT_TAKEN', message: expect.stringContaining('clickhouse.listen') })
  })

  it('does not outlive a parent that is killed', async () => {
    const dataDir = await tempDir()
    const parent = fork(fileURLToPath(new URL('../support/store/engine-parent.ts', import.meta.url)), [
      dataDir,
    ])
    onTestFinished(() => void parent.kill('SIGKILL'))
    const pid = await messageOf(parent)
    expect(alive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await eventually('it is gone', () => !alive(pid))
    // and its directory is free at once
    const engine = await startEngine({ dataDir, logger })
    await engine.stop()
  })

  it('stays small: 100,000 rows and panels over them under 700 MiB resident', async () => {
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    await store.client.command({
      query: 'CREATE TABLE big (n UInt64, s String) ENGINE = MergeTree ORDER BY n',
    })
    for (let round = 0; round < 10; round++)
      await store.client.insert({
        table: 'big',
        values: Array.from({ length: 10_000 }, (_, n) => ({ n: round * 10_000 + n, s: `s${n}`.repeat(20) })),
        format: 'JSONEachRow',
      })
    for (let round = 0; round < 5; round++)
      await rowsOf(store.reader, 'SELECT s, uniqExact(n) AS u FROM big GROUP BY s ORDER BY u DESC LIMIT 10')
    expect(await residentMiB(store.engine.pid)).toBeLessThan(700)
  })
})

describe('migrate', () => {
  it('applies every file once, in order, and shows first what it would do', async () => {
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    const all = (await readMigrations()).map(({ name }) => name)
    expect((await migrate(store.client, { dryRun: true })).applied.map(({ name }) => name)).toEqual(all)
    expect(await rowsOf(store.client, 'SHOW TABLES')).toEqual([])
    expect((await migrate(store.client)).applied.map(({ name }) => name)).toEqual(all)
    expect(await migrate(store.client)).toEqual({ applied: [], present: all.length })
  })

  it('does the whole again when a crash left it without its record', async () => {
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    await migrate(store.client)
    await store.client.command({ query: 'TRUNCATE TABLE schema_migrations' })
    expect((await migrate(store.client)).applied).not.toHaveLength(0)
  })

  it('refuses a file that has changed since it was applied', async () => {
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    await migrate(store.client)
    await store.client.insert({
      table: 'schema_migrations',
      values: [{ name: '001_create_decisions', checksum: 'another' }],
      columns: ['name', 'checksum'],
      format: 'JSONEachRow',
    })
    await expect(migrate(store.client)).rejects.toMatchObject({
      code: 'ERR_STORE_QUERY',
      message: expect.stringContaining('001_create_decisions'),
    })
  })
})

async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-engine-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function messageOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)))
    child.once('exit', (code) => reject(new Error(`the parent ended with ${code}`)))
  })
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function residentMiB(pid: number | null): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}
