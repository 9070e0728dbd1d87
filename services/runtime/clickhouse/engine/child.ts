/**
 * The process that owns the embedded engine. Started by `startEngine`; its only
 * argument is its configuration as JSON, its IPC channel the tie to its parent:
 * when that ends, however it ends, this process does too.
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { lockDataDir } from '../../data-dir-lock.ts'
import { GatewatchError } from '../../errors.ts'
import { openSecret } from '../../secrets.ts'
import { DATABASE, READER, READER_SECRET, WRITER, WRITER_SECRET } from '../endpoint.ts'
import { locateEngine, removeEndpoint, socketPathOf, writeEndpoint } from '../endpoint-file.ts'
import type { Account } from './accounts.ts'
import { engineConfig } from './engine-config.ts'
import { createExecutor } from './execute.ts'
import { createGate } from './gate.ts'
import { createInterface } from './http-interface.ts'
import { accountsOf } from './limits.ts'
import type { ChildOptions, ChildReport } from './messages.ts'
import { openNative, type NativeEngine } from './native.ts'

/** Queries at a time; libuv's pool has some threads more, for files and compression. */
const WIDTH = 4
const MAX_WAITING = 256
const MAX_WAIT_MS = 60_000
const DRAIN_MS = 4_000
/** How long an engine without parent may take to end: its drain, and its kill. */
const ORPHAN_MS = DRAIN_MS + 4_000

async function main(options: ChildOptions): Promise<void> {
  const directory = join(options.dataDir, 'clickhouse')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await takeOver(options.dataDir)
  if (options.coldDir !== undefined) await mkdir(options.coldDir, { recursive: true, mode: 0o700 })
  const config = join(directory, 'engine.xml')
  await writeFile(config, engineConfig(config, options.coldDir), { mode: 0o600 })
  const native = openNative(join(directory, 'data'), config)
  const version = await prepare(native)

  const accounts = await openAccounts(options.dataDir)
  const gate = createGate(WIDTH, MAX_WAITING, MAX_WAIT_MS)
  // What a killed engine left half written is nobody's: its client repeats.
  const incoming = join(directory, 'incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { mode: 0o700 })
  const execute = createExecutor(native, gate, incoming)
  const servers: Server[] = []
  const open = () => {
    const server = createInterface({ accounts, database: DATABASE, version, execute })
    servers.push(server)
    return server
  }

  const socket = await socketPathOf(options.dataDir)
  await rm(socket, { force: true })
  await listening(open(), { path: socket })
  await chmod(socket, 0o600)
  const listen = options.listen
  if (listen) await listening(open(), listen)
  await writeEndpoint(options.dataDir, {
    pid: process.pid,
    parent_pid: process.ppid,
    socket_path: socket,
    version,
  })

  let stopping = false
  const stop = async (exitCode: number) => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), DRAIN_MS + 2_000).unref()
    const deadline = Date.now() + DRAIN_MS
    await removeEndpoint(options.dataDir)
    for (const server of servers) server.close().closeIdleConnections()
    while (gate.running + gate.waiting > 0 && Date.now() < deadline) await pause(10)
    await rm(socket, { force: true })
    if (gate.running === 0) native.close()
    process.exit(exitCode)
  }
  process.on('disconnect', () => void stop(0))
  process.on('message', (message) => {
    if (message === 'stop') void stop(0)
  })
  // Ctrl-C reaches the whole process group; the parent says when its own work is stored.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  const address = servers[1]?.address()
  report({ kind: 'ready', version, port: typeof address === 'object' && address ? address.port : null })
}

/**
 * Takes the directory's engine lock. After a kill -9 of everything the engine
 * before this one outlives its parent by moments, until its statements have
 * ended: that one is waited for. One that stays is somebody's, and said at once.
 */
async function takeOver(dataDir: string): Promise<void> {
  const deadline = Date.now() + ORPHAN_MS
  for (;;) {
    try {
      await lockDataDir(dataDir, ['clickhouse'], 'the embedded ClickHouse engine')
      return
    } catch (error) {
      const held = error instanceof GatewatchError && error.code === 'ERR_DATA_DIR_IN_USE'
      if (!held || Date.now() > deadline || (await locateEngine(dataDir)) !== null) throw error
      await pause(50)
    }
  }
}

/** Creates the database and proves that the engine answers. */
async function prepare(native: NativeEngine): Promise<string> {
  const connection = native.connect()
  try {
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`, 'TSV')
    const { bytes } = await connection.query('SELECT version()', 'TSV')
    return Buffer.from(bytes).toString().trim()
  } finally {
    connection.close()
  }
}

async function openAccounts(dataDir: string): Promise<readonly Account[]> {
  return accountsOf(
    { name: WRITER, password: await openSecret(dataDir, WRITER_SECRET) },
    { name: READER, password: await openSecret(dataDir, READER_SECRET) },
  )
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) => {
      const place = 'path' in where ? where.path : `${where.host}:${where.port}`
      reject(
        error.code === 'EADDRINUSE'
          ? new GatewatchError(
              'ERR_PORT_TAKEN',
              `${place} is taken by another program; stop it, or set clickhouse.listen to another address.`,
            )
          : error,
      )
    })
    server.listen(where, () => resolve())
  })
}

function report(message: ChildReport): void {
  process.send?.(message)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

try {
  const options: ChildOptions = JSON.parse(process.argv[2] ?? '{}')
  await main(options)
} catch (error) {
  const code = error instanceof GatewatchError ? error.code : 'ERR_STORE_UNREACHABLE'
  report({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
  // An engine half opened may keep the process alive; the report has gone out by then.
  setTimeout(() => process.exit(1), 500)
}
