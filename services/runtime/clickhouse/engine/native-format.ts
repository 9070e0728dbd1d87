import { refuse } from './exception.ts'

/**
 * Turns blocks of the Native format as the engine writes them (revision 0) into
 * blocks of a client's protocol revision. Clients of Go, and with them Grafana's
 * data source, ask for `client_protocol_version` and read two things more: the
 * block's info in front, and a flag behind each column's type that says whether
 * it is serialised in a special way (never, here).
 *
 * The flag's place is known only by walking over the columns, so every type must
 * be known. AggregateFunction states, JSON, Dynamic and Variant are not: refused
 * (48).
 *
 * @see ClickHouse, src/Formats/NativeWriter.cpp; src/Core/ProtocolDefines.h
 */
export function toRevision(bytes: Uint8Array, revision: number): Uint8Array {
  if (revision < BLOCK_INFO_FROM || bytes.length === 0) return bytes
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor = new Cursor(source)
  const parts: Uint8Array[] = []
  while (cursor.at < source.length) {
    parts.push(BLOCK_INFO)
    let from = cursor.at
    const columns = cursor.varint()
    const rows = cursor.varint()
    for (let column = 0; column < columns; column++) {
      cursor.skip(cursor.varint())
      const typeLength = cursor.varint()
      const type = source.toString('latin1', cursor.at, cursor.at + typeLength)
      cursor.skip(typeLength)
      if (revision >= CUSTOM_SERIALIZATION_FROM) {
        parts.push(source.subarray(from, cursor.at), PLAIN)
        from = cursor.at
      }
      if (rows > 0) {
        skipPrefix(cursor, type)
        skipColumn(cursor, type, rows)
      }
    }
    parts.push(source.subarray(from, cursor.at))
  }
  return Buffer.concat(parts)
}

/** Any revision above 0 has block infos; the lowest that still exists is far above it. */
const BLOCK_INFO_FROM = 1
/** DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION */
const CUSTOM_SERIALIZATION_FROM = 54454
/** Field 1, is_overflows, 0; field 2, bucket_num, -1; end. */
const BLOCK_INFO = Uint8Array.of(1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0)
const PLAIN = Uint8Array.of(0)

class Cursor {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** LEB128, unsigned. */
  varint(): number {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#bytes.readUInt8(this.at++)
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }

  skip(bytes: number): void {
    this.at += bytes
    if (this.at > this.#bytes.length) throw new RangeError('a Native block ends in its middle')
  }

  number(): number {
    this.skip(8)
    return Number(this.#bytes.readBigUInt64LE(this.at - 8))
  }

  /** The last of `count` offsets of an array column: how many elements it has. */
  offsets(count: number): number {
    this.skip(count * 8)
    return count === 0 ? 0 : Number(this.#bytes.readBigUInt64LE(this.at - 8))
  }
}

/** Some types say something once a block, before the data of the whole column: dictionaries their version. */
function skipPrefix(cursor: Cursor, type: string): void {
  const { name, args } = parseType(type)
  if (name === 'LowCardinality') cursor.skip(8)
  else if (name === 'SimpleAggregateFunction') skipPrefix(cursor, args[1] ?? '')
  else if (/^(?:Nullable|Array|Map|Tuple|Nested)$/.test(name))
    for (const arg of args) skipPrefix(cursor, withoutName(arg))
}

function skipColumn(cursor: Cursor, type: string, rows: number): void {
  const { name, args } = parseType(type)
  const width = widthOf(name, args)
  if (width !== null) return cursor.skip(width * rows)
  const [first = '', second = ''] = args
  switch (name) {
    case 'String':
      for (let row = 0; row < rows; row++) cursor.skip(cursor.varint())
      return
    case 'Nullable':
      cursor.skip(rows)
      return skipColumn(cursor, first, rows)
    case 'Array':
      return skipColumn(cursor, first, cursor.offsets(rows))
    case 'Map':
      return skipColumn(cursor, `Tuple(${first}, ${second})`, cursor.offsets(rows))
    case 'Nested':
      return skipColumn(cursor, `Tuple(${args.join(', ')})`, cursor.offsets(rows))
    case 'Tuple':
      for (const element of args) skipColumn(cursor, withoutName(element), rows)
      return
    case 'SimpleAggregateFunction':
      return skipColumn(cursor, second, rows)
    case 'LowCardinality':
      return skipDictionary(cursor, first, rows)
    default:
      throw refuse(
        48,
        `A column of type ${name.slice(0, 64)} can't be sent in the Native format here; cast it`,
      )
  }
}

/** Flags, the keys, and for each row the number of its key in 1, 2, 4 or 8 bytes (SerializationLowCardinality.cpp). */
function skipDictionary(cursor: Cursor, type: string, rows: number): void {
  if (rows === 0) return
  const indexBytes = 2 ** (cursor.number() & 3)
  const { name, args } = parseType(type)
  skipColumn(cursor, name === 'Nullable' ? (args[0] ?? '') : type, cursor.number())
  cursor.skip(cursor.number() * indexBytes)
}

const widths: Readonly<Record<string, number>> = {
  Nothing: 1,
  Bool: 1,
  Enum8: 1,
  Enum16: 2,
  Date: 2,
  Date32: 4,
  DateTime: 4,
  DateTime64: 8,
  Time: 4,
  Time64: 8,
  BFloat16: 2,
  IPv4: 4,
  IPv6: 16,
  UUID: 16,
  Point: 16,
}

/** Bytes of one value of a type that has always the same, or null. */
function widthOf(name: string, args: readonly string[]): number | null {
  const known = widths[name]
  if (known !== undefined) return known
  const bits = /^(?:U?Int|Float)(8|16|32|64|128|256)$/.exec(name)?.[1]
  if (bits !== undefined) return Number(bits) / 8
  if (name.startsWith('Interval')) return 8
  if (name === 'FixedString') return Number(args[0])
  if (name !== 'Decimal') return null
  const digits = Number(args[0])
  if (digits <= 9) return 4
  if (digits <= 18) return 8
  return digits <= 38 ? 16 : 32
}

/** `Map(String, Array(UInt8))` is `Map` of `String` and `Array(UInt8)`; quoted text may hold brackets and commas. */
function parseType(type: string): { name: string; args: string[] } {
  const open = type.indexOf('(')
  if (open < 0) return { name: type, args: [] }
  const args: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < type.length; at++) {
    const mark = type[at]
    if (mark === "'" || mark === '`') at = endOfQuoted(type, at)
    else if (mark === '(') depth++
    else if (mark === ')') depth--
    if ((mark === ',' && depth === 1) || (mark === ')' && depth === 0)) {
      args.push(type.slice(from, at).trim())
      from = at + 1
    }
  }
  return { name: type.slice(0, open), args: args.filter((arg) => arg !== '') }
}

function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[from]) return at
  }
  return text.length
}

/** An element of a tuple may have a name in front of its type. */
function withoutName(element: string): string {
  if (element.startsWith('`')) return element.slice(endOfQuoted(element, 0) + 1).trim()
  const named = /^[A-Za-z_]\w* (?=[A-Z])/.exec(element)?.[0]
  return named === undefined ? element : element.slice(named.length)
}
