import { MAX_LINE_BYTES, RAW_LIMIT, sourceRecord, type SourceRecord } from './record.ts'

const NEWLINE = 0x0a

/**
 * Cuts a stream into lines, a chunk's worth at a time. A line may end in CR LF;
 * the last needs no end. A longer line than `maxBytes` is a record with the
 * problem `too_long`, of which only the beginning is kept in memory. If the
 * stream fails, the line that it failed in is `cut_off`, and the fault follows.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes = MAX_LINE_BYTES,
): AsyncGenerator<readonly SourceRecord[]> {
  const position = { line: 1, byte: 0 }
  let parts: Buffer[] = []
  let held = 0
  let length = 0

  const hold = (part: Buffer): void => {
    length += part.length
    if (part.length === 0 || held > maxBytes) return
    const kept = part.subarray(0, maxBytes + 1 - held)
    parts.push(kept)
    held += kept.length
  }
  const take = (problem: 'cut_off' | null): SourceRecord => {
    const [only] = parts
    const raw = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
    const record =
      length > maxBytes
        ? sourceRecord(raw.subarray(0, RAW_LIMIT), position, 'too_long', length)
        : sourceRecord(raw.at(-1) === 0x0d ? raw.subarray(0, -1) : raw, position, problem, length)
    parts = []
    held = 0
    length = 0
    return record
  }

  try {
    for await (const chunk of chunks) {
      const records: SourceRecord[] = []
      let from = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        hold(chunk.subarray(from, end))
        const bytes = length
        records.push(take(null))
        position.line += 1
        position.byte += bytes + 1
        from = end + 1
      }
      hold(chunk.subarray(from))
      // A held part must not keep the chunk alive, nor be overwritten with it.
      parts = parts.map((part) => Buffer.from(part))
      if (records.length > 0) yield records
    }
  } catch (error) {
    if (length > 0) yield [take('cut_off')]
    throw error
  }
  if (length > 0) yield [take(null)]
}
