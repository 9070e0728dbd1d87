import { peek } from './peek.ts'
import { sourceError } from './source-error.ts'

/** How much of the beginning is looked at to tell text from anything else. */
const HEAD_BYTES = 8192
/** Share of control characters from which a beginning is no text. */
const MAX_CONTROLS = 0.05

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/**
 * Gives a source as UTF-8, or as bytes whose lines can be told apart. A byte
 * order mark says what it is (UTF-8, UTF-16); without one it is UTF-8, or, line
 * by line, Latin-1 where it is not valid UTF-8. UTF-16 without a mark and
 * anything that is no text are refused before a record is read.
 */
export async function asText(
  chunks: AsyncIterable<Buffer>,
  name: string,
): Promise<{ encoding: Encoding; chunks: AsyncIterable<Buffer> }> {
  const { head, all } = await peek(chunks, HEAD_BYTES)
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', chunks: utf16(all, 'utf-16le') }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', chunks: utf16(all, 'utf-16be') }
  refuseBinary(head.subarray(0, HEAD_BYTES), name)
  const marked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
  return { encoding: 'utf-8', chunks: marked ? without(all, 3) : all }
}

/** A few zeros are what a crash leaves in a log; those lines are dead letters, and the rest is read. */
function refuseBinary(head: Buffer, name: string): void {
  let controls = 0
  let first = -1
  for (const [at, byte] of head.entries()) {
    if (byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d || byte === 0x1b) continue
    controls += 1
    if (first < 0) first = at
  }
  if (controls <= head.length * MAX_CONTROLS) return
  const guess = looksLikeUtf16(head)
    ? 'it looks like UTF-16 without a byte order mark; convert it: iconv -f UTF-16LE -t UTF-8'
    : 'it is a binary file; give a text log, or one compressed with gzip'
  const code = (head[first] ?? 0).toString(16).padStart(2, '0')
  throw sourceError(
    `${name}: byte ${first} is 0x${code}, and ${controls} of the first ${head.length} bytes are control characters: ${guess}`,
  )
}

/** In UTF-16 every other byte of mostly western text is 0. */
function looksLikeUtf16(head: Buffer): boolean {
  let even = 0
  let odd = 0
  for (const [at, byte] of head.entries()) {
    if (byte !== 0) continue
    if (at % 2 === 0) even += 1
    else odd += 1
  }
  return Math.max(even, odd) > head.length * 0.3 && Math.min(even, odd) < head.length * 0.05
}

async function* utf16(
  chunks: AsyncIterable<Buffer>,
  encoding: 'utf-16le' | 'utf-16be',
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8')
  const rest = decoder.decode()
  if (rest !== '') yield Buffer.from(rest, 'utf8')
}

async function* without(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of chunks) {
    const cut = Math.min(left, chunk.length)
    left -= cut
    if (cut < chunk.length) yield chunk.subarray(cut)
  }
}
