/**
 * A block of 32-bit words seen as integers, floats and doubles. All state of an
 * entity lies in such blocks: what is in memory is bit for bit what is stored,
 * so scores don't depend on where a batch ended.
 */
export interface Words {
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly bytes: Uint8Array
}

/** An empty block; `length` is rounded up to whole doubles. */
export function allocate(length: number): Words {
  const buffer = new ArrayBuffer(Math.ceil(length / 2) * 8)
  return {
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
  }
}

/** How many bytes `pack` writes at most. */
export function packedBound(length: number): number {
  return Math.ceil(length / 8) + length * 4
}

/**
 * Packs `length` words from `start` on: a bitmap of the words that are not zero, then those words,
 * little-endian. Most slots of most entities are empty, and a bit is what an
 * empty word costs. Returns the offset after the last byte.
 */
export function pack(words: Words, start: number, length: number, into: Uint8Array, at: number): number {
  const { u32 } = words
  const bitmap = Math.ceil(length / 8)
  into.fill(0, at, at + bitmap)
  let end = at + bitmap
  for (let index = 0; index < length; index++) {
    const word = u32[start + index] ?? 0
    if (word === 0) continue
    const byte = at + (index >>> 3)
    into[byte] = (into[byte] ?? 0) | (1 << (index & 7))
    into[end] = word & 255
    into[end + 1] = (word >>> 8) & 255
    into[end + 2] = (word >>> 16) & 255
    into[end + 3] = word >>> 24
    end += 4
  }
  return end
}

/**
 * Reads what `pack` wrote into `length` empty words from `first` on, or past it
 * where there are none. Throws RangeError when bytes are missing.
 */
export function unpack(
  words: Words | null,
  first: number,
  length: number,
  from: Uint8Array,
  at: number,
): number {
  let next = at + Math.ceil(length / 8)
  if (next > from.length) throw new RangeError('packed state ends early')
  for (let start = 0; start < length; start += 8) {
    let bits = from[at + (start >>> 3)] ?? 0
    while (bits !== 0) {
      const lowest = 31 - Math.clz32(bits & -bits)
      bits &= bits - 1
      if (next + 4 > from.length) throw new RangeError('packed state ends early')
      if (words !== null) {
        words.u32[first + start + lowest] =
          (from[next] ?? 0) |
          ((from[next + 1] ?? 0) << 8) |
          ((from[next + 2] ?? 0) << 16) |
          ((from[next + 3] ?? 0) << 24)
      }
      next += 4
    }
  }
  return next
}
