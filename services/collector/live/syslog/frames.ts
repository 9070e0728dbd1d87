import { MAX_LINE_BYTES, RAW_LIMIT, sourceRecord, type SourceRecord } from '../../source/record.ts'

const NEWLINE = 0x0a
const SPACE = 0x20
/** Digits of a length; a longer one is none. */
const MAX_DIGITS = 7

/**
 * Cuts what one connection sends into messages, by octet counting (`LENGTH SP
 * MESSAGE`: RFC 5425, section 4.3; RFC 6587, section 3.4.1) or by line ends
 * (RFC 6587, section 3.4.2), told apart for each message: a length is digits
 * that a space ends. A longer message than 64 KiB is `too_long`, and only its
 * beginning is kept.
 */
export class SyslogFrames {
  readonly #maxBytes: number
  #held: Buffer = Buffer.alloc(0)
  /** Of a message that is too long: its length so far, and how much of it is still to come (null: up to a line end). */
  #long: { head: Buffer; bytes: number; left: number | null } | null = null
  #line = 0
  #byte = 0

  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** The messages that end in this chunk. */
  push(chunk: Buffer): SourceRecord[] {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const records: SourceRecord[] = []
    while (rest.length > 0) {
      const step = this.#long === null ? this.#next(rest) : this.#passOver(rest)
      if (step === null) break
      if (step.record !== null) records.push(step.record)
      rest = rest.subarray(step.used)
      this.#byte += step.used
    }
    // A held part must not keep the chunk alive.
    this.#held = Buffer.from(rest)
    return records
  }

  /** What the connection ended in the middle of. */
  end(): SourceRecord | null {
    const rest = this.#long?.head ?? this.#held
    const bytes = this.#long?.bytes ?? rest.length
    this.#held = Buffer.alloc(0)
    this.#long = null
    return rest.length === 0 ? null : this.#record(rest.subarray(0, RAW_LIMIT), 'cut_off', bytes)
  }

  #next(rest: Buffer): { used: number; record: SourceRecord | null } | null {
    const counted = lengthOf(rest)
    if (counted === 'more') return null
    if (counted !== null) {
      const { from, length } = counted
      if (length > this.#maxBytes) {
        this.#long = { head: Buffer.alloc(0), bytes: 0, left: length }
        return { used: from, record: null }
      }
      if (rest.length < from + length) return null
      const message = trimEnd(rest.subarray(from, from + length))
      return {
        used: from + length,
        record: message.length === 0 ? null : this.#record(message, null, length),
      }
    }
    const end = rest.indexOf(NEWLINE)
    if (end > this.#maxBytes || (end < 0 && rest.length > this.#maxBytes)) {
      this.#long = { head: Buffer.alloc(0), bytes: 0, left: null }
      return { used: 0, record: null }
    }
    if (end < 0) return null
    const message = trimEnd(rest.subarray(0, end))
    return { used: end + 1, record: message.length === 0 ? null : this.#record(message, null, end) }
  }

  #passOver(rest: Buffer): { used: number; record: SourceRecord | null } {
    const long = this.#long
    if (long === null) return { used: 0, record: null }
    const end = long.left === null ? rest.indexOf(NEWLINE) : Math.min(long.left, rest.length)
    const used = end < 0 ? rest.length : end
    if (long.head.length < RAW_LIMIT) {
      long.head = Buffer.concat([long.head, rest.subarray(0, Math.min(used, RAW_LIMIT - long.head.length))])
    }
    long.bytes += used
    if (long.left !== null) long.left -= used
    const isOver = long.left === null ? end >= 0 : long.left === 0
    if (!isOver) return { used, record: null }
    this.#long = null
    return {
      used: long.left === null ? used + 1 : used,
      record: this.#record(long.head, 'too_long', long.bytes),
    }
  }

  #record(raw: Buffer, problem: 'too_long' | 'cut_off' | null, bytes: number): SourceRecord {
    this.#line += 1
    return sourceRecord(Buffer.from(raw), { line: this.#line, byte: this.#byte }, problem, bytes)
  }
}

/** The length that the bytes begin with, and where the message begins; null: they begin with none. */
function lengthOf(bytes: Buffer): { from: number; length: number } | 'more' | null {
  let at = 0
  while (at < bytes.length && at <= MAX_DIGITS && isDigit(bytes[at], at === 0)) at += 1
  if (at === 0 || at > MAX_DIGITS) return null
  if (at === bytes.length) return 'more'
  if (bytes[at] !== SPACE) return null
  return { from: at + 1, length: Number(bytes.toString('latin1', 0, at)) }
}

function isDigit(byte: number | undefined, first: boolean): boolean {
  return byte !== undefined && byte >= (first ? 0x31 : 0x30) && byte <= 0x39
}

/** Some senders end a counted message with a line end or a zero, too. */
function trimEnd(message: Buffer): Buffer {
  let end = message.length
  while (end > 0 && (message[end - 1] === NEWLINE || message[end - 1] === 0x0d || message[end - 1] === 0))
    end -= 1
  return message.subarray(0, end)
}
