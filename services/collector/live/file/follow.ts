import { setTimeout as pause } from 'node:timers/promises'
import { stat } from 'node:fs/promises'
import { linesOf } from '../../source/lines.ts'
import type { SourceRecord } from '../../source/record.ts'
import type { LossCause } from '../metrics.ts'
import { openFile, readHead, type OpenFile } from './open-file.ts'
import { HEAD_BYTES, positionOf, type FilePosition } from './position.ts'
import { findMoved, laterGenerations } from './siblings.ts'

const CHUNK_BYTES = 262_144
/** Records of one offer, which goes in one append. */
const MAX_RECORDS = 1000

export interface FollowOptions {
  readonly path: string
  /** The longest line. */
  readonly max_bytes: number
  readonly poll_ms: number
  /** How long a file that was renamed must be still before the next one is read: its writer may not know yet. */
  readonly rotate_wait_ms: number
  readonly signal: AbortSignal
  /** Everything that is there has been given. */
  readonly caughtUp: () => void
  readonly lost: (cause: LossCause) => void
}

export interface FileRecords {
  readonly records: readonly SourceRecord[]
  /** Of the first byte of the file that `byte` of the records counts from. */
  readonly base: number
  readonly inode: string
  /** Behind the last of the records. */
  readonly position: FilePosition
}

/** A file that is read from a place on; `final`: nothing is written into it any more. */
export interface Start {
  readonly file: OpenFile
  readonly offset: number
  readonly final: boolean
  /** How it began when it was chosen, though nothing of it was read: should it begin otherwise, it was truncated since. */
  readonly head?: Buffer
}

/**
 * Gives the lines of a log as they are written, through every rotation:
 * - renamed: the old file is read to its end, and a while longer; then the
 *   generations between, if there were several; then the new one from its beginning;
 * - copied and truncated: the rest is read from the copy, which begins alike,
 *   then the truncated file from its beginning;
 * - truncated without a copy: from the beginning, and what was cut off is counted as lost.
 * A last line without an end waits for it; only the end of a file that nobody
 * writes any more ends a line too. Compressed generations are not read.
 *
 * Ends when `signal` aborts. Nothing is kept but one chunk and one line.
 */
export async function* followFile(first: Start | null, options: FollowOptions): AsyncGenerator<FileRecords> {
  const queue: Start[] = first === null ? [] : [first]
  while (!options.signal.aborted) {
    const start = queue.shift() ?? (await waitForFile(options))
    if (start === null) return
    const reading = new Reading(start, options)
    try {
      for await (const some of linesOf(reading.chunks(), options.max_bytes)) {
        // An end that we made ourselves ends no line.
        if (reading.stopped) return
        for (let at = 0; at < some.length; at += MAX_RECORDS) {
          const records = some.slice(at, at + MAX_RECORDS)
          yield { records, base: start.offset, inode: reading.inode, position: reading.after(records) }
        }
      }
      if (reading.stopped) return
      if (queue.length === 0) queue.push(...(await reading.next()))
    } finally {
      await reading.close()
    }
  }
  for (const { file } of queue) await file.handle.close()
}

async function waitForFile(options: FollowOptions): Promise<Start | null> {
  while (!options.signal.aborted) {
    const file = await openFile(options.path)
    if (file !== null) return { file, offset: 0, final: false }
    options.caughtUp()
    await pause(options.poll_ms, undefined, { signal: options.signal }).catch(() => {})
  }
  return null
}

/** Whether a file may be a copy of another one, or of its beginning. */
async function isBeginningOf(file: OpenFile, whole: OpenFile, head: Buffer): Promise<boolean> {
  if (head.length === 0 || !head.equals(await readHead(file, head.length))) return false
  const [copied, there] = await Promise.all([file.handle.stat(), whole.handle.stat()])
  return copied.size <= there.size
}

class Reading {
  readonly #options: FollowOptions
  readonly #begin: number
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  #file: OpenFile
  #offset: number
  #final: boolean
  /** What was not yet read of it is gone. */
  #cutOff = false
  /** The first bytes, as far as they were read: the file is the same as long as it begins with them. */
  #head: Buffer = Buffer.alloc(0)
  stopped = false

  constructor({ file, offset, final, head }: Start, options: FollowOptions) {
    this.#options = options
    this.#begin = offset
    this.#file = file
    this.#offset = offset
    this.#final = final
    this.#head = head ?? this.#head
  }

  get inode(): string {
    return this.#file.inode
  }

  after(records: readonly SourceRecord[]): FilePosition {
    const last = records.at(-1)
    // The last line of a file may have no end, which would be one byte.
    const behind = last === undefined ? 0 : last.byte + last.bytes + 1
    return positionOf(this.inode, Math.min(this.#begin + behind, this.#offset), this.#head)
  }

  /** What is written to the file, until nothing more can come. */
  async *chunks(): AsyncGenerator<Buffer> {
    if (this.#head.length === 0) this.#head = await readHead(this.#file, Math.min(HEAD_BYTES, this.#offset))
    let stillSince = performance.now()
    for (;;) {
      if (this.#options.signal.aborted) {
        this.stopped = true
        return
      }
      const { bytesRead } = await this.#file.handle.read(this.#buffer, 0, CHUNK_BYTES, this.#offset)
      if (!(await this.#isSame())) {
        if (!(await this.#goOnInCopy())) return
        continue
      }
      if (bytesRead > 0) {
        const chunk = Buffer.from(this.#buffer.subarray(0, bytesRead))
        if (this.#head.length < HEAD_BYTES) {
          const begin = Math.max(0, this.#head.length - this.#offset)
          this.#head = Buffer.concat([this.#head, chunk.subarray(begin)]).subarray(0, HEAD_BYTES)
        }
        this.#offset += bytesRead
        stillSince = performance.now()
        yield chunk
        continue
      }
      if (this.#final) return
      if (!(await this.#isReplaced())) {
        stillSince = performance.now()
        this.#options.caughtUp()
      } else if (performance.now() - stillSince >= this.#options.rotate_wait_ms) return
      const { poll_ms, signal } = this.#options
      await pause(poll_ms, undefined, { signal }).catch(() => {})
    }
  }

  /** What is to be read after this file's end; nothing: what stands at the path. */
  async next(): Promise<Start[]> {
    if (this.#cutOff) return []
    const { path, lost } = this.#options
    const { mtimeNs } = await this.#file.handle.stat({ bigint: true })
    const current = await openFile(path)
    const head = current === null ? Buffer.alloc(0) : await readHead(current)
    const { files, compressed } = await laterGenerations(path, this.inode, mtimeNs)
    for (let nth = 0; nth < compressed; nth += 1) lost('compressed')
    const starts: Start[] = []
    let isBeingCopied = false
    for (const file of files) {
      const isCopy = current !== null && (await isBeginningOf(file, current, head))
      if (file.inode === current?.inode) await file.handle.close()
      else if (isCopy) {
        // A copy of what stands at the path, perhaps half made: read there, and in the copy once that is truncated.
        isBeingCopied = true
        await file.handle.close()
      } else starts.push({ file, offset: 0, final: true })
    }
    if (current === null) return starts
    if (isBeingCopied) return [...starts, { file: current, offset: 0, final: false, head }]
    await current.handle.close()
    return starts
  }

  async close(): Promise<void> {
    await this.#file.handle.close()
  }

  /** Looked at after each read: what was read before a truncation was noticed may be of the text that came after it. */
  async #isSame(): Promise<boolean> {
    const { size } = await this.#file.handle.stat()
    if (size < this.#offset) return false
    return this.#head.equals(await readHead(this.#file, this.#head.length))
  }

  async #isReplaced(): Promise<boolean> {
    const current = await stat(this.#options.path, { bigint: true }).catch(() => null)
    return current !== null && String(current.ino) !== this.inode
  }

  async #goOnInCopy(): Promise<boolean> {
    const copy = await findMoved(this.#options.path, positionOf(this.inode, this.#offset, this.#head))
    if (copy === null) {
      this.#options.lost('truncated')
      this.#cutOff = true
      return false
    }
    await this.#file.handle.close()
    this.#file = copy
    this.#final = true
    return true
  }
}
