/** Bytes that grow at their end; room doubles, so that a byte is copied twice at most. */
export class ByteBuffer {
  #bytes: Buffer
  length = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  /** The buffer with room for `more` bytes from `length` on; whoever writes them adds to `length`. */
  reserve(more: number): Buffer {
    const needed = this.length + more
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.length)
      this.#bytes = larger
    }
    return this.#bytes
  }

  /** Short pieces are copied by hand: a native call takes as long as fifty bytes. */
  append(source: Uint8Array, from: number, to: number): void {
    const bytes = this.reserve(to - from)
    let at = this.length
    if (to - from > 48) {
      bytes.set(source.subarray(from, to), at)
      at += to - from
    } else for (let i = from; i < to; i++) bytes[at++] = source[i] ?? 0
    this.length = at
  }

  /** LEB128, unsigned: how the Native format writes lengths. */
  varint(value: number): void {
    const bytes = this.reserve(8)
    let rest = value
    while (rest > 127) {
      bytes[this.length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    bytes[this.length++] = rest
  }

  /** 64 bits, little-endian. */
  uint64(value: number): void {
    const bytes = this.reserve(8)
    bytes.writeUInt32LE(value % 2 ** 32, this.length)
    bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.length + 4)
    this.length += 8
  }

  text(text: string): void {
    const size = Buffer.byteLength(text)
    this.varint(size)
    this.reserve(size).write(text, this.length)
    this.length += size
  }

  view(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}
