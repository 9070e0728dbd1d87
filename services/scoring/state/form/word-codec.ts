/**
 * Words as few bytes. Most words of most entities are zero, many are there
 * twice (a place, an address and a device in every visit), and instants differ
 * little from those three words before, where slots and rings hold the one
 * before them. So:
 *
 *     block   = bitmap of the words that are not zero ‖ a 2-bit code for each of those ‖ their bytes
 *     code 0  = the word is one of the last 256 different ones of the record: one byte, its place
 *     code 1  = it differs from the word three before by less than 2^15: two bytes
 *     code 2  = four bytes
 *
 * Little-endian. A third smaller than a bitmap and whole words, at a third more time.
 */
const RECENT = 256
/** Places by hash: 10 bits. */
const PLACES = 1024
const REPEATED = 0
const NEAR = 1
const WHOLE = 2
const STRIDE = 3

/** How many bytes `WordWriter.write` writes at most. */
export function packedBound(length: number): number {
  return Math.ceil(length / 8) + Math.ceil(length / 4) + length * 4
}

/** Writes the blocks of one record after another. */
export class WordWriter {
  readonly #recent = new Uint32Array(RECENT)
  /** Where a word was put, by its hash: at worst an older place, which is checked. */
  readonly #places = new Uint8Array(PLACES)
  #count = 0

  /** A new record: nothing has been before. */
  begin(): void {
    this.#count = 0
  }

  /** Writes `length` words from `start` on; returns the offset after the last byte. Once an entity and batch: locals, bytes put together before they are written. */
  write(u32: Uint32Array, start: number, length: number, into: Uint8Array, at: number): number {
    const recent = this.#recent
    const places = this.#places
    let count = this.#count
    let bitsAt = at
    const codesAt = at + ((length + 7) >>> 3)
    let codeAt = codesAt
    // As if every word had a code; moved up at the end.
    const dataAt = codesAt + ((length + 3) >>> 2)
    let end = dataAt
    let bits = 0
    let codes = 0
    let shift = 0
    for (let index = 0; index < length; index++) {
      const word = u32[start + index] ?? 0
      if (word !== 0) {
        bits |= 1 << (index & 7)
        const hash = Math.imul(word, 0x9e3779b1) >>> 22
        const place = places[hash] ?? 0
        if (place < count && recent[place] === word) into[end++] = place
        else {
          const next = count++ & (RECENT - 1)
          recent[next] = word
          places[hash] = next
          const apart = index < STRIDE ? word | 0 : (word - (u32[start + index - STRIDE] ?? 0)) | 0
          const near = apart >= -0x8000 && apart < 0x8000
          const bytes = near ? apart : word
          into[end++] = bytes
          into[end++] = bytes >>> 8
          if (near) codes |= NEAR << shift
          else {
            codes |= WHOLE << shift
            into[end++] = bytes >>> 16
            into[end++] = bytes >>> 24
          }
        }
        shift += 2
        if (shift === 8) {
          into[codeAt++] = codes
          codes = 0
          shift = 0
        }
      }
      if ((index & 7) === 7) {
        into[bitsAt++] = bits
        bits = 0
      }
    }
    if ((length & 7) !== 0) into[bitsAt] = bits
    if (shift > 0) into[codeAt++] = codes
    this.#count = count
    into.copyWithin(codeAt, dataAt, end)
    return codeAt + end - dataAt
  }
}

/** Reads what a `WordWriter` wrote, the blocks in the same order. */
export class WordReader {
  readonly #recent = new Uint32Array(RECENT)
  #count = 0

  begin(): void {
    this.#count = 0
  }

  /** Reads `length` words into empty ones from `first` on. Throws RangeError where bytes are missing. */
  read(u32: Uint32Array, first: number, length: number, from: Uint8Array, at: number): number {
    const codes = at + ((length + 7) >>> 3)
    if (codes > from.length) throw new RangeError('packed state ends early')
    let used = 0
    for (let byte = at; byte < codes; byte++) used += onesOf(from[byte] ?? 0)
    let next = codes + ((used + 3) >>> 2)
    let nth = 0
    for (let start = 0; start < length; start += 8) {
      let bits = from[at + (start >>> 3)] ?? 0
      while (bits !== 0) {
        const index = start + 31 - Math.clz32(bits & -bits)
        bits &= bits - 1
        const code = ((from[codes + (nth >>> 2)] ?? 0) >>> ((nth & 3) * 2)) & 3
        nth += 1
        let word: number
        if (code === REPEATED) word = this.#recent[from[next++] ?? 0] ?? 0
        else {
          word = (from[next] ?? 0) | ((from[next + 1] ?? 0) << 8)
          next += 2
          if (code === NEAR) {
            word = ((word << 16) >> 16) + (index < STRIDE ? 0 : (u32[first + index - STRIDE] ?? 0))
          } else {
            word |= ((from[next] ?? 0) << 16) | ((from[next + 1] ?? 0) << 24)
            next += 2
          }
          this.#recent[this.#count % RECENT] = word
          this.#count += 1
        }
        u32[first + index] = word
      }
    }
    if (next > from.length) throw new RangeError('packed state ends early')
    return next
  }
}

function onesOf(byte: number): number {
  let bits = byte
  let ones = 0
  while (bits !== 0) {
    bits &= bits - 1
    ones += 1
  }
  return ones
}
