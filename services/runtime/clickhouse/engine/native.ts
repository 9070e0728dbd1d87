import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Session } from 'chdb'

/** What the engine says of a statement that it ran. */
export interface RunResult {
  readonly bytes: Uint8Array
  readonly rowsRead: number
  readonly bytesRead: number
  readonly rowsWritten: number
  readonly bytesWritten: number
  /** Seconds. */
  readonly elapsed: number
}

/** One connection to the engine: its own database, settings and parameters. */
export interface Connection {
  query(sql: string, format: string): Promise<RunResult>
  /** `statement` ends with the name of the format; a line end and `data` follow it as they are. */
  insert(statement: string, data: Buffer): Promise<RunResult>
  close(): void
}

export interface NativeEngine {
  connect(): Connection
  close(): void
}

interface RawInsert {
  readonly elapsed: number
  readonly rowsWritten: number
  readonly bytesWritten: number
}

interface Addon {
  InsertRawAsyncConnection(
    connection: unknown,
    statement: string,
    data: Buffer,
    count: boolean,
  ): Promise<RawInsert>
}

/**
 * Opens the engine on its directory. The first connection stays open as long as
 * the process, since the last one to close shuts the engine down.
 *
 * A connection a request costs a third of a millisecond (measured), and leaves
 * nothing behind: settings, parameters and `readonly` can't leak into another's
 * query, and parameters of queries that run at once don't mix, which they do on
 * chDB's own binding interface.
 *
 * Inserts go through the addon's own entry, which `Session.insert` calls too:
 * that one takes a table and a format of a list, and a server takes any INSERT.
 * The package is pinned to an exact version for it.
 */
export function openNative(directory: string, configFile: string): NativeEngine {
  const keeper = new Session(directory, { connectionArgs: [`--config-file=${configFile}`] })
  const addon = loadAddon()
  return {
    connect() {
      const session = new Session(directory)
      return {
        async query(sql, format) {
          const result = await session.queryAsync(sql, { format })
          return {
            bytes: result.bytes(),
            rowsRead: result.rowsRead,
            bytesRead: result.bytesRead,
            rowsWritten: 0,
            bytesWritten: 0,
            elapsed: result.elapsed,
          }
        },
        async insert(statement, data) {
          const result = await addon.InsertRawAsyncConnection(session.connection, statement, data, false)
          return { ...result, bytes: new Uint8Array(0), rowsRead: result.rowsWritten, bytesRead: data.length }
        },
        close: () => session.close(),
      }
    },
    close: () => keeper.close(),
  }
}

function loadAddon(): Addon {
  const require = createRequire(import.meta.url)
  const loader: unknown = require(join(dirname(require.resolve('chdb')), 'dist', 'loader.js'))
  if (!hasLoader(loader)) throw new TypeError('this version of chdb has no addon loader')
  return loader.loadNative()
}

function hasLoader(value: unknown): value is { loadNative(): Addon } {
  return typeof value === 'object' && value !== null && 'loadNative' in value
}
