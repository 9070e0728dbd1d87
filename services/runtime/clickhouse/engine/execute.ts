import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asException, refuse } from './exception.ts'
import type { Gate } from './gate.ts'
import type { Connection, NativeEngine, RunResult } from './native.ts'
import { quoted } from '../quoted.ts'
import { preparation, type Limits } from './settings.ts'
import { readStatement } from './statement.ts'
import { withFiltersAhead } from './table-filters.ts'

/** One request, authenticated and read in whole. */
export interface QueryRequest {
  readonly queryId: string
  /** The statement, and behind an INSERT its data. */
  readonly text: Buffer
  readonly database: string
  readonly settings: ReadonlyMap<string, string>
  readonly params: ReadonlyMap<string, string>
  readonly limits: Limits
  readonly readonly: boolean
  /** Where the statement names none. */
  readonly defaultFormat: string
  readonly signal: AbortSignal
}

export interface QueryResult extends RunResult {
  readonly format: string
}

/** A statement longer than this is refused; the data of an INSERT don't count. */
const MAX_STATEMENT_BYTES = 1024 * 1024

/** chDB reads inline data of text formats only; a binary one would be cut, and goes by a file. */
const BINARY =
  /^(Native|RowBinary\w*|Parquet|Arrow\w*|ORC|Avro\w*|Protobuf\w*|MsgPack|CapnProto|BSON\w*|Npy)$/i

/**
 * Runs requests on the engine, each on a connection of its own, a bounded number
 * at a time. Binary data of an INSERT pass through a file in `incoming`, which
 * is there already and private.
 */
export function createExecutor(
  native: NativeEngine,
  gate: Gate,
  incoming: string,
): (request: QueryRequest) => Promise<QueryResult> {
  let serial = 0

  return async function execute(asked) {
    const request = asked.readonly ? withFiltersAhead(asked) : asked
    // Latin-1 keeps one character a byte, so that a place in the text is a place in the bytes.
    const head = request.text.subarray(0, MAX_STATEMENT_BYTES).toString('latin1')
    const statement = readStatement(head)
    if (statement.dataAt === null && request.text.length > MAX_STATEMENT_BYTES)
      throw refuse(229, `The statement is longer than ${MAX_STATEMENT_BYTES} bytes`)
    // The engine knows one user, so KILL QUERY, which it allows in readonly, would reach everybody's.
    if (request.readonly && statement.kind !== 'select')
      throw refuse(164, 'Cannot execute query in readonly mode')
    const mark = `${request.queryId} ${++serial}`
    const file = join(incoming, String(serial))
    const prepare = preparation({ ...request, queryId: mark })

    return gate.run(async () => {
      const connection = native.connect()
      const kill = () => void killQuery(native, mark)
      try {
        await connection.query(prepare, 'TSV')
        request.signal.throwIfAborted()
        request.signal.addEventListener('abort', kill, { once: true })
        if (statement.dataAt !== null) {
          const sql = request.text.subarray(0, statement.dataAt).toString()
          const data = request.text.subarray(afterLineEnd(request.text, statement.dataAt))
          const result =
            statement.formatAt !== null && BINARY.test(statement.format ?? '')
              ? await insertFile(connection, request.text.subarray(0, statement.dataAt), statement.formatAt, {
                  data,
                  file,
                })
              : await connection.insert(sql, data)
          return { ...result, format: request.defaultFormat }
        }
        const result = await connection.query(request.text.toString(), request.defaultFormat)
        return { ...result, format: statement.format ?? request.defaultFormat }
      } catch (error) {
        throw asException(error)
      } finally {
        request.signal.removeEventListener('abort', kill)
        connection.close()
      }
    }, request.signal)
  }
}

/** A page cache's worth of copying, against parsing text: Native takes half the engine's time of JSONEachRow (measured). */
async function insertFile(
  connection: Connection,
  statement: Buffer,
  formatAt: number,
  { data, file }: { data: Buffer; file: string },
): Promise<RunResult> {
  try {
    await writeFile(file, data, { mode: 0o600 })
    const head = statement.subarray(0, formatAt).toString()
    const format = statement.subarray(formatAt).toString()
    const result = await connection.query(
      `${head} FROM INFILE ${quoted(file)} COMPRESSION 'none' ${format}`,
      'TSV',
    )
    return { ...result, rowsWritten: result.rowsRead, bytesWritten: data.length }
  } finally {
    await rm(file, { force: true })
  }
}

/** Ends a running query whose client has gone; without this it would hold its thread to its end. */
async function killQuery(native: NativeEngine, mark: string): Promise<void> {
  const connection = native.connect()
  try {
    await connection.query(`KILL QUERY WHERE Settings['log_comment'] = ${quoted(mark)} ASYNC`, 'TSV')
  } catch {
    // It has ended by itself, or ends at its own time limit.
  } finally {
    connection.close()
  }
}

/** Data begin behind the blanks and the one line end after the format's name. The addon puts a line end there itself, and a second one would be an empty row. */
function afterLineEnd(text: Buffer, at: number): number {
  let place = at
  for (let line = false; !line && place < text.length; place++) {
    const byte = text[place]
    if (byte !== SPACE && byte !== TAB && byte !== CR && byte !== LF) break
    line = byte === LF
  }
  return place
}

const SPACE = 0x20
const TAB = 0x09
const CR = 0x0d
const LF = 0x0a
