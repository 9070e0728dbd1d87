import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { keepDamaged, syncDirectory } from './directory.ts'
import { FRAME_OVERHEAD_BYTES, HEADER_BYTES } from './frame.ts'
import type { SpoolKeys } from './keys.ts'
import { decodeRecords, encodeRecords } from './records.ts'
import type { SpoolRecord } from './records.ts'
import { beginSegment, findSegment } from './segment.ts'
import type { Segment, SegmentWriter } from './segment.ts'
import { walkFrames } from './walk.ts'
import type { Place } from './walk.ts'

/** A segment that has grown to this, or to this part of the bound, is followed by another; it is what draining frees at a time. */
const SEGMENT_BYTES = 4 * 1024 * 1024
const SEGMENT_PART = 1 / 8
const NAME = /^(\d{8})\.segment$/

export interface SpoolOptions {
  /** Of this enforcement point alone; created with mode 0700. */
  readonly directory: string
  readonly keys: SpoolKeys
  /** Bound of all segment files together. */
  readonly max_bytes: number
}

/** The oldest records of the spool, to be released once the log has them. */
export interface Front {
  readonly records: readonly SpoolRecord[]
  /** Before or between these lay something that can't be read any more. */
  readonly damaged: boolean
  readonly end: Place
  readonly segment: Segment
}

/** What opening found besides whole records. */
export interface SpoolFindings {
  /** Torn writes at the end that were cut off: nobody had been told that they were durable. */
  readonly torn_tails: number
  readonly torn_bytes: number
  /** Segments in which, or instead of which, there is something that can't be read. */
  readonly damaged: number
  /** The newest record, where the chain goes on from; null: empty, or not to be read. */
  readonly newest: SpoolRecord | null
}

/** Records on their way to the log, on this machine's disk: first in, first out, encrypted, bounded. */
export interface Spool {
  /** Of all segment files. */
  readonly bytes: number
  /** That wait to be drained. */
  readonly records: number
  readonly empty: boolean
  /** On disk when it resolves to true; false: the bound is reached. Rejects when the disk does not take it. */
  append(records: readonly SpoolRecord[]): Promise<boolean>
  /** The oldest records, at least one frame and about so many; null when the spool is empty. */
  front(max_records: number): Promise<Front | null>
  /** What `front` gave is in the log. When the last record goes, so does the last file, for good when this resolves. */
  release(front: Front): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the spool of a directory and checks every frame in it. Existing files
 * are only read: what is new begins a file of its own (see `frame.ts`, nonces).
 */
export async function openSpool(options: SpoolOptions): Promise<{ spool: Spool; found: SpoolFindings }> {
  const { directory, keys, max_bytes } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const names = (await readdir(directory)).filter((name) => NAME.test(name)).sort()
  const segments: Segment[] = []
  const found = { torn_tails: 0, torn_bytes: 0, damaged: 0, newest: null as SpoolRecord | null }
  let records = 0
  let before: number | null = null
  for (const [index, name] of names.entries()) {
    const path = join(directory, name)
    const last = index === names.length - 1
    const segment = await findSegment(path, keys, last)
    const number = Number(NAME.exec(name)?.[1])
    // A file that is missing between two others was full of acknowledged records.
    if (before !== null && number !== before + 1) found.damaged += 1
    before = number
    if (segment.kind === 'segment') {
      records += segment.records
      found.newest = segment.newest ?? found.newest
      found.torn_tails += segment.torn_bytes > 0 ? 1 : 0
      found.torn_bytes += segment.torn_bytes
      if (segment.segment.damaged) found.damaged += 1
      segments.push(segment.segment)
    } else if (last && segment.bytes <= HEADER_BYTES + FRAME_OVERHEAD_BYTES) {
      // The very first write of a file, torn: it has never held a frame.
      found.torn_tails += 1
      found.torn_bytes += segment.bytes
      await rm(path)
    } else {
      found.damaged += 1
      await keepDamaged(directory, path)
    }
  }
  await syncDirectory(directory)
  const spool = new SegmentedSpool(directory, keys, max_bytes, segments, records, before ?? 0)
  return { spool, found }
}

class SegmentedSpool implements Spool {
  readonly #directory: string
  readonly #keys: SpoolKeys
  readonly #max_bytes: number
  /** Oldest first. The last is the one that is written, while `#writer` is there. */
  readonly #segments: Segment[]
  #writer: SegmentWriter | null = null
  #number: number
  #records: number
  /** Writes and removals follow one another, so that the last file never goes while a record is added to it. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    directory: string,
    keys: SpoolKeys,
    max_bytes: number,
    segments: Segment[],
    records: number,
    number: number,
  ) {
    this.#directory = directory
    this.#keys = keys
    this.#max_bytes = max_bytes
    this.#segments = segments
    this.#records = records
    this.#number = number
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get records(): number {
    return this.#records
  }

  get empty(): boolean {
    return this.#segments.length === 0
  }

  append(records: readonly SpoolRecord[]): Promise<boolean> {
    return this.#inTurn(async () => {
      const plain = encodeRecords(records)
      if (this.bytes + plain.length + FRAME_OVERHEAD_BYTES + HEADER_BYTES > this.#max_bytes) return false
      await this.#write(plain)
      this.#records += records.length
      return true
    })
  }

  async #write(plain: Buffer): Promise<void> {
    const writer = this.#writer
    try {
      if (writer !== null && writer.segment.bytes < Math.min(SEGMENT_BYTES, this.#max_bytes * SEGMENT_PART)) {
        await writer.append(plain)
        return
      }
      await this.#endWriter()
      this.#number += 1
      const path = join(this.#directory, `${String(this.#number).padStart(8, '0')}.segment`)
      const begun = await beginSegment(path, this.#number, this.#keys.current, plain)
      // A file whose name is not on disk is lost with all that is in it.
      await syncDirectory(this.#directory)
      this.#writer = begun
      this.#segments.push(begun.segment)
    } catch (error) {
      await this.#endWriter()
      throw error
    }
  }

  async front(max_records: number): Promise<Front | null> {
    let damaged = false
    for (const segment of this.#segments) {
      const bytes = (await readFile(segment.path)).subarray(0, segment.bytes)
      const records: SpoolRecord[] = []
      let end = segment.front
      for (const walked of walkFrames(segment.header, segment.key, bytes, segment.front)) {
        if (walked.kind === 'damage') {
          // What came before is drained first, so that the reader knows where the hole is.
          if (records.length > 0) break
          damaged = true
          segment.damaged = true
          end = walked.next ?? { at: bytes.length, index: segment.front.index }
          continue
        }
        const more = decodeRecords(walked.plain)
        if (records.length > 0 && records.length + more.length > max_records) break
        records.push(...more)
        end = walked.next
      }
      if (records.length > 0 || segment === this.#segments.at(-1)) return { records, damaged, end, segment }
    }
    return null
  }

  release({ records, end, segment }: Front): Promise<void> {
    return this.#inTurn(async () => {
      this.#records = Math.max(0, this.#records - records.length)
      segment.front = end
      let removed = false
      for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
        const done = oldest !== segment || oldest.front.at >= oldest.bytes
        if (!done) break
        if (oldest === this.#writer?.segment) await this.#endWriter()
        if (oldest.damaged) await keepDamaged(this.#directory, oldest.path)
        else await rm(oldest.path, { force: true })
        this.#segments.shift()
        removed = true
        if (oldest === segment) break
      }
      if (this.#segments.length === 0) this.#records = 0
      if (removed) await syncDirectory(this.#directory)
    })
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#endWriter())
  }

  async #endWriter(): Promise<void> {
    const writer = this.#writer
    this.#writer = null
    await writer?.close()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}
