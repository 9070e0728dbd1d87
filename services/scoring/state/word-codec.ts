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
  /** Where a word was put, by its hash: at worst an older place, which `#find` checks. */
  readonly #places = new Uint8Array(PLACES)
  #count = 0

  /** A new record: nothing has been before. */
  begin(): void {
    this.#count = 0
  }

  /** Writes `length` words from `start` on; returns the offset after the last byte. */
  write(u32: Uint32Array, start: number, length: number, into: Uint8Array, at: number): number {
    const codes = at + ((length + 7) >>> 3)
    into.fill(0, at, codes)
    let used = 0
    for (let index = 0; index < length; index++) {
      if (u32[start + index] === 0) continue
      const byte = at + (index >>> 3)
      into[byte] = (into[byte] ?? 0) | (1 << (index & 7))
      used += 1
    }
    let end = codes + ((used + 3) >>> 2)
    into.fill(0, codes, end)
    let nth = 0
    for (let index = 0; index < length; index++) {
      const word = u32[start + index] ?? 0
      if (word === 0) continue
      const place = this.#find(word)
      let code = REPEATED
      if (place !== -1) into[end++] = place
      else {
        this.#remember(word)
        const apart = index < STRIDE ? word | 0 : (word - (u32[start + index - STRIDE] ?? 0)) | 0
        code = apart >= -0x8000 && apart < 0x8000 ? NEAR : WHOLE
        const bytes = code === NEAR ? apart : word
        into[end++] = bytes & 255
        into[end++] = (bytes >>> 8) & 255
        if (code === WHOLE) {
          into[end++] = (bytes >>> 16) & 255
          into[end++] = bytes >>> 24
        }
      }
      const byte = codes + (nth >>> 2)
      into[byte] = (into[byte] ?? 0) | (code << ((nth & 3) * 2))
      nth += 1
    }
    return end
  }

  #find(word: number): number {
    const place = this.#places[placeOf(word)] ?? 0
    return place < this.#count && this.#recent[place] === word ? place : -1
  }

  #remember(word: number): void {
    const place = this.#count % RECENT
    this.#recent[place] = word
    this.#places[placeOf(word)] = place
    this.#count += 1
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

function placeOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 22
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
