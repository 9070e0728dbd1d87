import { jsonScanner } from './json-scanner.ts'
import { linesOf } from './lines.ts'
import { peek } from './peek.ts'
import { MAX_JSON_BYTES, RAW_LIMIT, sourceRecord, type SourceRecord } from './record.ts'

/** How much of the beginning is looked at to tell one value a line from a document. */
const HEAD_BYTES = 65_536

/**
 * Cuts a stream into JSON values: one a line, which is how logs come; else as
 * one document, an array or a wrapper (`{"Records":[…]}`), on one line or many.
 * Lines are preferred, because a malformed one costs that line alone.
 */
export async function* jsonRecordsOf(
  chunks: AsyncIterable<Buffer>,
  wrappers: readonly string[],
): AsyncGenerator<readonly SourceRecord[]> {
  const { head, all } = await peek(chunks, HEAD_BYTES)
  if (hasOneValueALine(head, wrappers)) yield* linesOf(all, MAX_JSON_BYTES)
  else yield* documentRecordsOf(all, wrappers)
}

/** Whether some whole line of the beginning is a JSON object by itself, unindented and not a wrapper. */
function hasOneValueALine(head: Buffer, wrappers: readonly string[]): boolean {
  const wrapper = wrapperOf(wrappers)
  for (const line of head.toString('utf8').split('\n')) {
    const text = line.trimEnd()
    if (!text.startsWith('{') || !text.endsWith('}')) continue
    if (wrapper?.test(text) === true) continue
    try {
      JSON.parse(text)
      return true
    } catch {
      // A malformed line says nothing of the others.
    }
  }
  return false
}

/** A line that begins a wrapper: nothing but strings and plain values stand before its list. */
function wrapperOf(wrappers: readonly string[]): RegExp | null {
  if (wrappers.length === 0) return null
  const text = String.raw`"(?:[^"\\]|\\.)*"`
  return new RegExp(
    String.raw`^\{\s*(?:${text}:\s*(?:${text}|[\w.+-]+),\s*)*"(?:${wrappers.join('|')})":\s*\[`,
  )
}

/** Cuts a document into the objects that are its records; what fails is told as `linesOf` tells it. */
async function* documentRecordsOf(
  chunks: AsyncIterable<Buffer>,
  wrappers: readonly string[],
  maxBytes = MAX_JSON_BYTES,
): AsyncGenerator<readonly SourceRecord[]> {
  const scanner = jsonScanner(wrappers)
  let line = 1
  let byte = 0
  let position = { line, byte }
  let parts: Buffer[] = []
  let length = 0

  const hold = (part: Buffer): void => {
    if (length <= maxBytes) parts.push(part)
    length += part.length
  }
  const take = (problem: 'cut_off' | null): SourceRecord => {
    const raw = Buffer.concat(parts)
    const record =
      length > maxBytes
        ? sourceRecord(raw.subarray(0, RAW_LIMIT), position, 'too_long', length)
        : sourceRecord(raw, position, problem, length)
    parts = []
    length = 0
    return record
  }

  try {
    for await (const chunk of chunks) {
      const records: SourceRecord[] = []
      let from = 0
      for (let at = 0; at < chunk.length; at += 1) {
        const code = chunk[at] ?? 0
        const wasInside = scanner.inside
        const seen = scanner.step(code)
        if (seen === 'begin') {
          from = at
          position = { line, byte: byte + at }
        } else if (seen === 'end' || seen === 'broken') {
          hold(chunk.subarray(from, at + 1))
          records.push(take(null))
        } else if (wasInside && !scanner.inside) {
          // It was a wrapper: what was held is its head, and no record.
          parts = []
          length = 0
        }
        if (code === 0x0a) line += 1
      }
      if (scanner.inside) hold(Buffer.from(chunk.subarray(from)))
      byte += chunk.length
      if (records.length > 0) yield records
    }
  } catch (error) {
    if (length > 0) yield [take('cut_off')]
    throw error
  }
  if (length > 0) yield [take('cut_off')]
}
