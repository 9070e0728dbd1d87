import type { Column } from '../../../schemas/clickhouse/columns.ts'

const BACKSLASH = 92
const NULL = 110

/** Takes one field's value out of a record's bytes, and adds it to its column. */
export abstract class FieldReader {
  readonly name: string
  readonly kind: Column['kind']
  /** Of what was read last: the number, or null. */
  number: number | null = null
  /** Of what was read last: an optional field that was there and empty. */
  empty = false
  protected there = false
  protected bytes: Uint8Array = new Uint8Array(0)
  protected from = 0
  protected to = 0
  protected readonly optional: boolean

  constructor({ name, optional, kind }: Column) {
    this.name = name
    this.optional = optional
    this.kind = kind
  }

  /** Looks at the value at `from` to `to` (-1: absent); false when its column can't hold it. */
  read(bytes: Uint8Array, from: number, to: number, escaped: boolean): boolean {
    this.empty = false
    this.number = null
    this.there = from >= 0 && bytes[from] !== NULL
    if (!this.there) return from < 0 ? this.optional : to - from === 4
    this.bytes = bytes
    this.from = from
    this.to = to
    return this.check(escaped)
  }

  /** Leaves the field out of the row. */
  forget(): void {
    this.there = false
  }

  /** Adds what was read last, or the default. */
  abstract append(): void

  protected abstract check(escaped: boolean): boolean
}

export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return true
  return false
}

/** The text of a JSON string as UTF-8; half a surrogate pair, which UTF-8 can't hold, becomes U+FFFD. */
export function unescaped(bytes: Uint8Array, from: number, to: number): Uint8Array | null {
  try {
    const text: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString())
    return typeof text === 'string' ? Buffer.from(text.toWellFormed()) : null
  } catch {
    return null
  }
}
