import { isUtf8 } from 'node:buffer'

/** One line, or one JSON value, of a source. */
export interface SourceRecord {
  readonly text: string
  /** 1 for the first line; of a JSON value, the line that it begins on. */
  readonly line: number
  /** Of the decompressed source, from 0. */
  readonly byte: number
  /** The bytes as they came; of a long record only the first 64 KiB. */
  readonly raw: Buffer
  /** Length of the whole record. */
  readonly bytes: number
  readonly latin1: boolean
  /** Why the record is unusable whatever its format. */
  readonly problem: 'too_long' | 'binary' | 'cut_off' | null
}

/** How much of an unusable record is kept. */
export const RAW_LIMIT = 65_536

/** The longest line of a line format, and the longest JSON value: CloudTrail's own limit is 256 KiB an event. */
export const MAX_LINE_BYTES = 65_536
export const MAX_JSON_BYTES = 1_048_576

export function sourceRecord(
  raw: Buffer,
  position: { line: number; byte: number },
  problem: 'too_long' | 'cut_off' | null = null,
  bytes = raw.length,
): SourceRecord {
  const latin1 = !isUtf8(raw) && problem === null
  return {
    text: problem === 'too_long' ? '' : raw.toString(latin1 ? 'latin1' : 'utf8'),
    line: position.line,
    byte: position.byte,
    raw,
    bytes,
    latin1,
    problem: problem ?? (raw.includes(0) ? 'binary' : null),
  }
}
