import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import type { Framing } from '../formats/format.ts'
import { WRAPPERS } from '../formats/json.ts'
import { asText, type Encoding } from './encoding.ts'
import { gunzipped } from './gunzip.ts'
import { jsonRecordsOf } from './json-records.ts'
import { linesOf } from './lines.ts'
import type { SourceRecord } from './record.ts'
import { sourceError } from './source-error.ts'

/** A file or standard input, cut into records. */
export interface Source {
  /** The file's own name, without folders; `stdin`. */
  readonly name: string
  /** Bytes as stored (compressed ones, of a compressed file); null when nobody knows. */
  readonly total_bytes: number | null
  /** When the file was last written; null for standard input. */
  readonly modified_ms: number | null
  readonly encoding: Encoding
  readonly records: AsyncIterable<readonly SourceRecord[]>
  /** Bytes read so far, as stored. */
  bytesRead(): number
}

/**
 * Opens `path` (`-`: standard input). `wrappers` are the members in which a
 * JSON export may hold the list of its records. Refuses what is no text before anything
 * is read from it.
 *
 * @throws GatewatchError ERR_IMPORT_INPUT when there is no such file, or it is none, or it is binary.
 */
export async function openSource(
  path: string,
  framing: Framing,
  stdin: Readable,
  wrappers: readonly string[] = WRAPPERS,
): Promise<Source> {
  const file = path === '-' ? null : await fileFacts(path)
  const name = file === null ? 'stdin' : basename(path)
  let read = 0
  async function* counted(): AsyncGenerator<Buffer> {
    const stream = file === null ? stdin : createReadStream(path, { highWaterMark: 262_144 })
    try {
      for await (const chunk of stream) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
        read += bytes.length
        yield bytes
      }
    } catch (error) {
      throw sourceError(`${name}: reading failed at byte ${read}: ${messageOf(error)}`, error)
    }
  }
  const { encoding, chunks } = await asText(await gunzipped(counted(), name), name)
  return {
    name,
    total_bytes: file?.size ?? null,
    modified_ms: file?.mtimeMs ?? null,
    encoding,
    records: framing === 'lines' ? linesOf(chunks) : jsonRecordsOf(chunks, wrappers),
    bytesRead: () => read,
  }
}

async function fileFacts(path: string): Promise<{ size: number | null; mtimeMs: number }> {
  try {
    const facts = await stat(path)
    if (facts.isDirectory()) throw sourceError(`${path} is a folder: give a file, or - for standard input`)
    return { size: facts.isFile() ? facts.size : null, mtimeMs: facts.mtimeMs }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw sourceError(`there is no file ${path}`, error)
    }
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') {
      throw sourceError(`${path} may not be read by this user`, error)
    }
    throw error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
