import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { GatewatchError } from '../runtime/errors.ts'

export interface Line {
  /** From 1, as an editor counts. */
  readonly number: number
  readonly bytes: Buffer
}

/** Longer than any decision or truth within its bounds. */
const MOST_BYTES = 16 * 1024 * 1024
const NEWLINE = 10
const RETURN = 13

/** A mistake in an input file, by file and line. */
export function inputError(path: string, line: number, reason: string): GatewatchError {
  return new GatewatchError('ERR_EVALUATE_INPUT', `${path}, line ${line}: ${reason}`)
}

/**
 * Reads a text file line by line, gzipped where its name ends in `.gz`; empty
 * lines are left out. `read` hears of bytes read from the file so far.
 *
 * @throws GatewatchError `ERR_EVALUATE_INPUT` when the file can't be read to its end.
 */
export async function* linesOf(
  path: string,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<readonly Line[]> {
  const file = createReadStream(path, { highWaterMark: 262_144 })
  // The callback keeps a fault from being thrown twice: the loop below meets it too.
  const chunks: AsyncIterable<Buffer> = path.endsWith('.gz')
    ? pipeline(file, createGunzip({ chunkSize: 262_144 }), () => {})
    : file
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  const take = (bytes: Buffer): Line => ({
    number,
    bytes: bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes,
  })
  try {
    for await (const chunk of chunks) {
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const lines: Line[] = []
      let from = 0
      for (let end = text.indexOf(NEWLINE); end !== -1; end = text.indexOf(NEWLINE, from)) {
        number += 1
        const line = take(text.subarray(from, end))
        if (line.bytes.length > 0) lines.push(line)
        from = end + 1
      }
      rest = text.subarray(from)
      if (rest.length > MOST_BYTES)
        throw inputError(path, number + 1, `is longer than ${MOST_BYTES.toLocaleString('en')} bytes`)
      read(file.bytesRead)
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    if (error instanceof GatewatchError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new GatewatchError('ERR_EVALUATE_INPUT', `${path} can't be read past line ${number}: ${why}.`, {
      cause: error,
    })
  }
  if (rest.length > 0) {
    number += 1
    yield [take(rest)]
  }
}

/** A line's JSON. */
export function jsonOf(path: string, { number, bytes }: Line): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw inputError(path, number, `is no JSON (${error instanceof Error ? error.message : String(error)})`)
  }
}
