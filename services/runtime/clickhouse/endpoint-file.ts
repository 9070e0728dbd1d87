import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSecret } from '../secrets.ts'
import {
  DATABASE,
  READER,
  READER_SECRET,
  WRITER,
  WRITER_SECRET,
  type ClickHouseEndpoint,
} from './endpoint.ts'

/** What the engine's process writes down once it listens. */
export interface EndpointRecord {
  readonly pid: number
  /** Who started it: an engine whose parent is gone is on its way out. */
  readonly parent_pid: number
  readonly socket_path: string
  readonly version: string
}

/** sun_path of unix(7) holds 107 bytes and an end mark, on macOS 103. */
const MAX_SOCKET_PATH_BYTES = 100

/**
 * Where the engine of a data directory listens: inside it, unless its path is
 * too long for a socket; then in a directory of the system's temporary one that
 * only this user can enter.
 */
export async function socketPathOf(dataDir: string): Promise<string> {
  const inside = join(dataDir, 'clickhouse', 'engine.sock')
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  const directory = join(tmpdir(), `gatewatch-${process.getuid?.() ?? 0}-${name}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return join(directory, 'engine.sock')
}

/** Where BACKUP writes and RESTORE reads, the one place outside its data that the engine is let into. */
export function backupsDirectory(engineDirectory: string): string {
  return join(engineDirectory, 'backups')
}

export async function writeEndpoint(dataDir: string, record: EndpointRecord): Promise<void> {
  const path = recordPath(dataDir)
  await writeFile(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** An engine that stops says so first, so that nobody finds it while it drains. */
export async function removeEndpoint(dataDir: string): Promise<void> {
  await rm(recordPath(dataDir), { force: true })
}

/**
 * The endpoint of a data directory's engine when one is alive and stays, else
 * null: a socket that accepts is what counts, a file may have outlived its
 * writer, and an engine that lost its parent ends within moments.
 */
export async function locateEngine(dataDir: string): Promise<ClickHouseEndpoint | null> {
  let text: string
  try {
    text = await readFile(recordPath(dataDir), 'utf8')
  } catch {
    return null
  }
  const record: unknown = JSON.parse(text)
  if (typeof record !== 'object' || record === null || !('socket_path' in record)) return null
  const path = record.socket_path
  if (!('parent_pid' in record) || !isRunning(record.parent_pid)) return null
  if (typeof path !== 'string' || !(await accepts(path))) return null
  return endpointOf(dataDir, path)
}

export async function endpointOf(dataDir: string, socketPath: string): Promise<ClickHouseEndpoint> {
  return {
    url: 'http://localhost',
    socket_path: socketPath,
    username: WRITER,
    password: await openSecret(dataDir, WRITER_SECRET),
    database: DATABASE,
    reader: { username: READER, password: await openSecret(dataDir, READER_SECRET) },
  }
}

function isRunning(pid: unknown): boolean {
  if (typeof pid !== 'number') return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'clickhouse', 'endpoint.json')
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
