/** Large enough that the system hands them out page by page as they fill. */
const PAGE_BYTES = 262_144
/** entry u32, key bytes u16, value bytes u32. */
const HEAD_BYTES = 10
/** Pages are rewritten when an eighth of their bytes is dead: the price is about four bytes copied for one written. */
const MOST_DEAD = 1 / 8
const SPARE_PAGES = 2

/** Where records of entries lie; kept by whoever owns the entries. */
export interface Places {
  pageOf(entry: number): number
  offsetOf(entry: number): number
  moved(entry: number, page: number, offset: number): void
}

/**
 * Keys and values in large pages, outside of the garbage collector's sight: a
 * million objects would stop it for tenths of a second. Written one after the
 * other, never over; what was dead long enough goes when its page is rewritten.
 * So memory is at most an eighth above what is alive, and two pages.
 */
export class Pages {
  readonly #places: Places
  readonly #pages: (Buffer | undefined)[] = []
  readonly #filled: number[] = []
  readonly #live: number[] = []
  readonly #vacant: number[] = []
  readonly #spare: Buffer[] = []
  #head = -1
  #liveBytes = 0
  #allocated = 0

  constructor(places: Places) {
    this.#places = places
  }

  /** Bytes of all pages. */
  get allocated(): number {
    return this.#allocated
  }

  append(entry: number, key: string, value: Uint8Array): void {
    const bound = HEAD_BYTES + key.length * 3 + value.length
    const page = this.#room(bound)
    const buffer = this.#bufferOf(page)
    const at = this.#filled[page] ?? 0
    const keyBytes = buffer.write(key, at + HEAD_BYTES, 'utf8')
    buffer.writeUInt32LE(entry, at)
    buffer.writeUInt16LE(keyBytes, at + 4)
    buffer.writeUInt32LE(value.length, at + 6)
    buffer.set(value, at + HEAD_BYTES + keyBytes)
    this.#wrote(entry, page, at, HEAD_BYTES + keyBytes + value.length)
  }

  /** A view that the next `append` may make another's: copy what is kept. */
  value(page: number, offset: number): Uint8Array {
    const buffer = this.#bufferOf(page)
    const at = offset + HEAD_BYTES + buffer.readUInt16LE(offset + 4)
    return buffer.subarray(at, at + buffer.readUInt32LE(offset + 6))
  }

  key(page: number, offset: number): string {
    const buffer = this.#bufferOf(page)
    const at = offset + HEAD_BYTES
    return buffer.toString('utf8', at, at + buffer.readUInt16LE(offset + 4))
  }

  hasKey(page: number, offset: number, key: string): boolean {
    const buffer = this.#bufferOf(page)
    const at = offset + HEAD_BYTES
    if (buffer.readUInt16LE(offset + 4) !== key.length) return this.key(page, offset) === key
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index)
      if (code > 127) return this.key(page, offset) === key
      if (buffer[at + index] !== code) return false
    }
    return true
  }

  /** The record is dead; its entry has another place, or none. */
  drop(page: number, offset: number): void {
    const length = this.#lengthAt(this.#bufferOf(page), offset)
    this.#live[page] = (this.#live[page] ?? 0) - length
    this.#liveBytes -= length
    if (page !== this.#head && this.#live[page] === 0) this.#release(page)
  }

  /** Rewrites a page if too many bytes are dead. Call it when no view is in use, after each append. */
  tidy(): void {
    if (this.#allocated - this.#liveBytes <= this.#allocated * MOST_DEAD + 2 * PAGE_BYTES) return
    const page = this.#emptiest()
    if (page !== -1) this.#rewrite(page)
  }

  #emptiest(): number {
    let emptiest = -1
    // Less than that is the end of a page where the next record had no room.
    let most = PAGE_BYTES * MOST_DEAD
    for (let page = 0; page < this.#pages.length; page++) {
      const buffer = this.#pages[page]
      if (buffer === undefined || page === this.#head) continue
      const dead = buffer.length - (this.#live[page] ?? 0)
      if (dead > most) {
        most = dead
        emptiest = page
      }
    }
    return emptiest
  }

  #rewrite(page: number): void {
    const buffer = this.#bufferOf(page)
    const filled = this.#filled[page] ?? 0
    for (let at = 0; at < filled;) {
      const entry = buffer.readUInt32LE(at)
      const length = this.#lengthAt(buffer, at)
      if (this.#places.pageOf(entry) === page && this.#places.offsetOf(entry) === at) {
        const to = this.#room(length)
        const place = this.#filled[to] ?? 0
        buffer.copy(this.#bufferOf(to), place, at, at + length)
        this.#wrote(entry, to, place, length)
        this.#live[page] = (this.#live[page] ?? 0) - length
        this.#liveBytes -= length
      }
      at += length
    }
    this.#release(page)
  }

  #wrote(entry: number, page: number, at: number, length: number): void {
    this.#filled[page] = at + length
    this.#live[page] = (this.#live[page] ?? 0) + length
    this.#liveBytes += length
    this.#places.moved(entry, page, at)
  }

  /** The page that has room for so many bytes: the one in hand, or a new one. */
  #room(bytes: number): number {
    const head = this.#pages[this.#head]
    if (head !== undefined && (this.#filled[this.#head] ?? 0) + bytes <= head.length) return this.#head
    const buffer =
      bytes <= PAGE_BYTES
        ? (this.#spare.pop() ?? Buffer.allocUnsafeSlow(PAGE_BYTES))
        : Buffer.allocUnsafeSlow(bytes)
    const page = this.#vacant.pop() ?? this.#pages.length
    this.#pages[page] = buffer
    this.#filled[page] = 0
    this.#live[page] = 0
    this.#allocated += buffer.length
    const before = this.#head
    this.#head = page
    if (before !== -1 && this.#live[before] === 0) this.#release(before)
    return page
  }

  #release(page: number): void {
    const buffer = this.#bufferOf(page)
    this.#allocated -= buffer.length
    this.#pages[page] = undefined
    this.#vacant.push(page)
    if (buffer.length === PAGE_BYTES && this.#spare.length < SPARE_PAGES) this.#spare.push(buffer)
  }

  #lengthAt(buffer: Buffer, at: number): number {
    return HEAD_BYTES + buffer.readUInt16LE(at + 4) + buffer.readUInt32LE(at + 6)
  }

  #bufferOf(page: number): Buffer {
    const buffer = this.#pages[page]
    if (buffer === undefined) throw new RangeError(`no page ${page}`)
    return buffer
  }
}
