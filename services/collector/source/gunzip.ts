import { createGunzip } from 'node:zlib'
import { peek } from './peek.ts'
import { sourceError } from './source-error.ts'

/** Compressed bytes given to zlib at a time. Deflate expands at most 1032 times, so 8 MiB wait at most. */
const SLICE_BYTES = 8192

/** Other compressions, by their first bytes: refused by name rather than as a binary file. */
const OTHERS: readonly (readonly [name: string, magic: string, remedy: string])[] = [
  ['zstd', '28b52ffd', 'zstd -dc'],
  ['xz', 'fd377a585a00', 'xz -dc'],
  ['bzip2', '425a68', 'bzip2 -dc'],
  ['zip', '504b0304', 'unzip -p'],
]

/** Decompresses what begins like gzip (RFC 1952, several members too), and leaves the rest as it is. */
export async function gunzipped(chunks: AsyncIterable<Buffer>, name: string): Promise<AsyncIterable<Buffer>> {
  const { head, all } = await peek(chunks, 8)
  const magic = head.toString('hex', 0, 8)
  for (const [compression, prefix, command] of OTHERS) {
    if (magic.startsWith(prefix)) {
      throw sourceError(
        `${name} is compressed with ${compression}, which is not read: try ${command} ${name} | gatewatch import … -`,
      )
    }
  }
  return magic.startsWith('1f8b') ? gunzip(all, name) : all
}

/**
 * zlib through its callback rather than a pipe: a pipe that fails drops what it
 * has decompressed and not handed on, and everything before a cut must go in.
 */
async function* gunzip(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const inflater = createGunzip()
  let out: Buffer[] = []
  let outBytes = 0
  const fault: { error: Error | null } = { error: null }
  inflater.on('data', (part: Buffer) => {
    out.push(part)
    outBytes += part.length
  })
  const failed = new Promise<void>((resolve) => {
    inflater.once('error', (error) => {
      fault.error = error
      resolve()
    })
  })
  const takeOut = (): Buffer[] => {
    const taken = out
    out = []
    return taken
  }
  let inBytes = 0
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length && fault.error === null; from += SLICE_BYTES) {
        const slice = chunk.subarray(from, from + SLICE_BYTES)
        await Promise.race([
          new Promise<void>((resolve) => {
            inflater.write(slice, () => resolve())
          }),
          failed,
        ])
        inBytes += slice.length
        yield* takeOut()
      }
      if (fault.error !== null) break
    }
    if (fault.error === null) {
      const ended = new Promise<void>((resolve) => {
        inflater.once('end', resolve)
      })
      inflater.end()
      await Promise.race([ended, failed])
      yield* takeOut()
    }
    if (fault.error !== null) throw gzipError(fault.error, name, inBytes, outBytes)
  } finally {
    inflater.destroy()
  }
}

function gzipError(error: Error & { code?: string }, name: string, inBytes: number, outBytes: number): Error {
  const what =
    error.code === 'Z_BUF_ERROR'
      ? 'the gzip stream ends early'
      : `the gzip stream is damaged (${error.message})`
  return sourceError(
    `${name}: ${what} at compressed byte ${inBytes}, after ${outBytes} bytes of text; everything before it was read, so fetch the file again and import it again`,
    error,
  )
}
