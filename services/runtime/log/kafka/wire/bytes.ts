/** Up to here a loop beats a call. */
const SHORT = 64

/** Writes Kafka's primitive types (big endian, zigzag varints) into one growing buffer. */
export class Writer {
  #buffer: Buffer
  #at = 0
  /** What is before `#from`, in pieces. */
  readonly #before: Buffer[] = []
  #from = 0

  constructor(size = 1024) {
    this.#buffer = Buffer.allocUnsafe(size)
  }

  get length(): number {
    return this.#at
  }

  int8(value: number): void {
    this.#room(1)
    this.#at = this.#buffer.writeInt8(value, this.#at)
  }

  int16(value: number): void {
    this.#room(2)
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#room(4)
    this.#at = this.#buffer.writeInt32BE(value, this.#at)
  }

  /** Whole numbers within 2^53, which offsets, producer ids and instants all are. */
  int64(value: number): void {
    this.#room(8)
    this.#buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.#at)
    this.#buffer.writeInt32BE(value | 0, this.#at + 4)
    this.#at += 8
  }

  varint(value: number): void {
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  uvarint(value: number): void {
    this.#room(5)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#at++] = rest
  }

  string(value: string | null): void {
    if (value === null) return this.int16(-1)
    this.int16(Buffer.byteLength(value))
    this.text(value)
  }

  compactString(value: string | null): void {
    if (value === null) return this.uvarint(0)
    this.uvarint(Buffer.byteLength(value) + 1)
    this.text(value)
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length)
    this.raw(value)
  }

  array<T>(items: readonly T[], write: (item: T) => void): void {
    this.int32(items.length)
    for (const item of items) write(item)
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): void {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
  }

  /** No tagged fields. */
  tags(): void {
    this.uvarint(0)
  }

  /** `bytes`: how many it takes, where that is known. Short plain text goes in a loop, which is quicker than the call. */
  text(value: string, bytes = value.length * 3): void {
    this.#room(bytes)
    if (bytes !== value.length || bytes > SHORT) {
      this.#at += this.#buffer.write(value, this.#at, 'utf8')
      return
    }
    // As many bytes as units: all are of one byte.
    for (let at = 0; at < bytes; at++) this.#buffer[this.#at++] = value.charCodeAt(at)
  }

  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /** As `bytes`, of what is not copied: it must stay as it is until all is sent. */
  heldBytes(value: Buffer): void {
    this.int32(value.length)
    this.#hold(value)
  }

  /** The same in flexible versions. */
  heldCompactBytes(value: Buffer): void {
    this.uvarint(value.length + 1)
    this.#hold(value)
  }

  /** All that was written, what is held by reference as pieces of its own: views, valid until the next write. */
  pieces(): Buffer[] {
    return [...this.#before, this.written(this.#from)]
  }

  #hold(value: Buffer): void {
    this.#before.push(this.written(this.#from), value)
    this.#from = this.#at
  }

  /** What was written so far, without what is held: a view, valid until the next write. */
  written(from = 0): Buffer {
    return this.#buffer.subarray(from, this.#at)
  }

  #room(more: number): void {
    if (this.#at + more <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + more))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Reads what `Writer` writes. Reading past the end throws a RangeError. */
export class Reader {
  readonly buffer: Buffer
  at: number

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer
    this.at = at
  }

  int8(): number {
    return this.buffer.readInt8(this.#step(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#step(4))
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#step(4))
  }

  int64(): number {
    const at = this.#step(8)
    return this.buffer.readInt32BE(at) * 0x1_0000_0000 + this.buffer.readUInt32BE(at + 4)
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a varint is longer than five bytes')
  }

  varint(): number {
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A 64-bit zigzag varint; exact up to 2^53. */
  varlong(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.buffer.readUInt8(this.at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new RangeError('a varlong is longer than ten bytes')
  }

  string(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.text(length)
  }

  compactString(): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.text(length)
  }

  bytes(): Buffer {
    const length = this.int32()
    return length < 0 ? Buffer.alloc(0) : this.raw(length)
  }

  text(length: number): string {
    const at = this.#step(length)
    return this.buffer.toString('utf8', at, at + length)
  }

  /** A view, not a copy. */
  raw(length: number): Buffer {
    const at = this.#step(length)
    return this.buffer.subarray(at, at + length)
  }

  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read)
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.uvarint() - 1, read)
  }

  /** Tagged fields, by tag. */
  tags(): Map<number, Buffer> {
    const fields = new Map<number, Buffer>()
    for (let left = this.uvarint(); left > 0; left--) fields.set(this.uvarint(), this.raw(this.uvarint()))
    return fields
  }

  #items<T>(count: number, read: () => T): T[] {
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #step(length: number): number {
    const at = this.at
    if (length < 0 || at + length > this.buffer.length) throw new RangeError('the message ends early')
    this.at = at + length
    return at
  }
}
