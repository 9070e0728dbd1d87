import type { Column as Field } from '../../../schemas/clickhouse/columns.ts'
import type { Column } from '../../runtime/clickhouse/native/block.ts'
import { DictionaryColumn } from '../../runtime/clickhouse/native/dictionary-column.ts'
import { ListColumn, NumbersByName } from '../../runtime/clickhouse/native/list-column.ts'
import { NumberColumn } from '../../runtime/clickhouse/native/number-column.ts'
import { StringColumn } from '../../runtime/clickhouse/native/string-column.ts'
import { FieldReader, hasEscape, unescaped } from './field-reader.ts'
import { instantAt } from './instant.ts'
import { SCORES } from './scan-plan.ts'

/**
 * The reader of a field, on its column; null when the table has none for it yet.
 * Throws `TypeError` when the table's type is of another kind.
 */
export function openReader(field: Field, column: Column | null): FieldReader {
  const onlyIf = <T>(kind: new (...args: never[]) => T): T | null => {
    if (column === null || column instanceof kind) return column
    throw new TypeError(`${field.name} has another kind of column in the store`)
  }
  if (field.name === SCORES) return new ScoresReader(field, onlyIf(NumbersByName))
  if (field.kind === 'list') return new ListReader(field, onlyIf(ListColumn))
  if (field.kind !== 'text' && field.kind !== 'json') return new NumberReader(field, onlyIf(NumberColumn))
  return new TextReader(field, column instanceof DictionaryColumn ? column : onlyIf(StringColumn))
}

const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const OPEN_LIST = 91
const FALSE = 102
const NULL = 110
const TRUE = 116
const OPEN = 123

class TextReader extends FieldReader {
  readonly #column: StringColumn | DictionaryColumn | null

  constructor(field: Field, column: StringColumn | DictionaryColumn | null) {
    super(field)
    this.#column = column
  }

  protected check(escaped: boolean): boolean {
    // A record of anything is kept as its JSON text.
    if (this.kind === 'json') return this.bytes[this.from] === OPEN
    if (this.bytes[this.from] !== QUOTE) return false
    if (escaped && hasEscape(this.bytes, this.from, this.to)) {
      const text = unescaped(this.bytes, this.from, this.to)
      if (text === null) return false
      this.bytes = text
      this.from = 0
      this.to = text.length
    } else {
      this.from++
      this.to--
    }
    this.empty = this.optional && this.from === this.to
    return true
  }

  append(): void {
    if (this.there) this.#column?.append(this.bytes, this.from, this.to)
    else this.#column?.appendDefault()
  }
}

class NumberReader extends FieldReader {
  readonly #column: NumberColumn | null

  constructor(field: Field, column: NumberColumn | null) {
    super(field)
    this.#column = column
  }

  protected check(): boolean {
    const value = this.#value()
    this.number = value
    const whole = this.kind !== 'number'
    return (
      (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) && (this.#column?.holds(value) ?? true)
    )
  }

  #value(): number {
    const { bytes, from, to } = this
    if (this.kind === 'instant') {
      const ms = bytes[from] === QUOTE ? instantAt(bytes, from + 1, to - from - 2) : -1
      return ms < 0 ? NaN : ms
    }
    if (this.kind === 'flag') {
      if (bytes[from] === TRUE && to - from === 4) return 1
      return bytes[from] === FALSE && to - from === 5 ? 0 : NaN
    }
    return numberAt(bytes, from, to)
  }

  append(): void {
    if (this.there) this.#column?.append(this.number ?? 0)
    else this.#column?.appendDefault()
  }
}

class ListReader extends FieldReader {
  readonly #column: ListColumn | null
  readonly #texts = new Texts()

  constructor(field: Field, column: ListColumn | null) {
    super(field)
    this.#column = column
  }

  protected check(escaped: boolean): boolean {
    const { bytes, from, to } = this
    this.#texts.clear()
    if (bytes[from] !== OPEN_LIST) return false
    for (let at = from + 1; at < to - 1; at++) {
      const end = stringEnd(bytes, at, to)
      if (end < 0 || (end < to - 1 && bytes[end] !== COMMA)) return false
      if (!this.#texts.add(bytes, at, end, escaped)) return false
      at = end
    }
    this.empty = this.optional && this.#texts.length === 0
    return true
  }

  append(): void {
    const column = this.#column
    if (column === null) return
    if (this.there) this.#texts.each((text, from, to) => column.elements.append(text, from, to))
    column.endRow()
  }
}

/** `{"detector":score,…}`; a score that is null (JSON has no NaN) is left out. */
class ScoresReader extends FieldReader {
  readonly #column: NumbersByName | null
  readonly #names = new Texts()
  #values: number[] = []

  constructor(field: Field, column: NumbersByName | null) {
    super(field)
    this.#column = column
  }

  protected check(escaped: boolean): boolean {
    const { bytes, from, to } = this
    this.#names.clear()
    this.#values.length = 0
    if (bytes[from] !== OPEN) return false
    for (let at = from + 1; at < to - 1; at++) {
      const end = stringEnd(bytes, at, to)
      if (end < 0) return false
      const start = end + 1
      let stop = start
      while (stop < to - 1 && bytes[stop] !== COMMA) stop++
      if (bytes[start] !== NULL) {
        const value = numberAt(bytes, start, stop)
        if (!Number.isFinite(value) || !this.#names.add(bytes, at, end, escaped)) return false
        this.#values.push(value)
      }
      at = stop
    }
    return true
  }

  append(): void {
    const column = this.#column
    if (column === null) return
    if (this.there)
      this.#names.each((text, from, to, index) => column.append(text, from, to, this.#values[index] ?? 0))
    column.endRow()
  }
}

/** Texts of one row, remembered by their places until the whole row is known to be good. */
class Texts {
  readonly #texts: Uint8Array[] = []
  readonly #places: number[] = []

  get length(): number {
    return this.#texts.length
  }

  clear(): void {
    this.#texts.length = 0
    this.#places.length = 0
  }

  /** Adds the JSON string from `from` to `to`, its quotes included; false when it is none. */
  add(bytes: Uint8Array, from: number, to: number, escaped: boolean): boolean {
    if (escaped && hasEscape(bytes, from, to)) {
      const text = unescaped(bytes, from, to)
      if (text === null) return false
      this.#texts.push(text)
      this.#places.push(0, text.length)
    } else {
      this.#texts.push(bytes)
      this.#places.push(from + 1, to - 1)
    }
    return true
  }

  each(visit: (text: Uint8Array, from: number, to: number, index: number) => void): void {
    for (let index = 0; index < this.#texts.length; index++) {
      const text = this.#texts[index]
      if (text) visit(text, this.#places[2 * index] ?? 0, this.#places[2 * index + 1] ?? 0, index)
    }
  }
}

/** The place behind a JSON string that begins at `at`, or -1 where none does. */
function stringEnd(bytes: Uint8Array, at: number, to: number): number {
  if (bytes[at] !== QUOTE) return -1
  for (let i = at + 1; i < to; i++) {
    if (bytes[i] === QUOTE) return i + 1
    if (bytes[i] === 92) i++
  }
  return -1
}

/**
 * A JSON number; NaN for anything else. Up to fifteen digits are read by hand: the
 * digits and the power of ten are then exact as doubles, and their quotient is
 * rounded once, hence the same as Number's (Clinger, 1990).
 */
function numberAt(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === MINUS
  const first = negative ? from + 1 : from
  let value = 0
  let point = -1
  for (let at = first; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte === POINT && point < 0 && at > first && at < to - 1) point = at
    else if (byte < ZERO || byte > ZERO + 9) return otherNumber(bytes, from, to)
    else value = value * 10 + (byte - ZERO)
  }
  if (to - first > 16 || to === first) return otherNumber(bytes, from, to)
  if (point >= 0) value /= 10 ** (to - point - 1)
  return negative ? -value : value
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/

function otherNumber(bytes: Uint8Array, from: number, to: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
  return NUMBER.test(text) ? Number(text) : NaN
}
