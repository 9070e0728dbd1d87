import { constants } from 'node:fs'
import { open, readFile, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { GatewatchError } from '../../runtime/errors.ts'
import { HEADER_BYTES, newHeader, readHeader, sealFrame } from './frame.ts'
import type { SegmentHeader } from './frame.ts'
import type { SpoolKey, SpoolKeys } from './keys.ts'
import { decodeRecords } from './records.ts'
import type { SpoolRecord } from './records.ts'
import { walkFrames } from './walk.ts'
import type { Place } from './walk.ts'

/** A segment file, as far as it is known to be on disk. */
export interface Segment {
  readonly path: string
  readonly header: SegmentHeader
  readonly key: Buffer
  /** Length of what is on disk and was acknowledged. */
  bytes: number
  /** Where the oldest frame that is still to be drained begins. */
  front: Place
  damaged: boolean
}

export interface SegmentWriter {
  readonly segment: Segment
  /** Writes one frame; it is on disk when this resolves. After a failure the writer is spent. */
  append(plain: Buffer): Promise<void>
  close(): Promise<void>
}

/** Nothing of the segment has been drained. */
const FIRST: Place = { at: HEADER_BYTES, index: 0 }

/**
 * Begins a segment file with its first frame. Every write goes through
 * `O_DSYNC`, so that a write that returned is on disk (open(2)). What a failed
 * write left is cut off again, and its nonce is spent: the caller goes on in
 * another segment.
 */
export async function beginSegment(
  path: string,
  number: number,
  key: SpoolKey,
  first: Buffer,
): Promise<SegmentWriter> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants
  const header = newHeader(number, key)
  const segment: Segment = {
    path,
    header,
    key: key.derive(header.salt),
    bytes: 0,
    front: FIRST,
    damaged: false,
  }
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_DSYNC, 0o600)
  let frames = 0

  async function append(plain: Buffer): Promise<void> {
    const frame = sealFrame(header, segment.key, frames, plain)
    frames += 1
    await writeWhole(file, frames === 1 ? Buffer.concat([header.bytes, frame]) : frame, segment)
  }

  try {
    await append(first)
  } catch (error) {
    await file.close()
    throw error
  }
  return { segment, append, close: () => file.close() }
}

async function writeWhole(file: FileHandle, bytes: Buffer, segment: Segment): Promise<void> {
  const begin = segment.bytes
  try {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, begin + at)
      at += bytesWritten
    }
    segment.bytes = begin + bytes.length
  } catch (error) {
    await file.truncate(begin).catch(() => {})
    throw error
  }
}

export type FoundSegment =
  | {
      readonly kind: 'segment'
      readonly segment: Segment
      readonly records: number
      /** The newest record in it; null when none can be read. */
      readonly newest: SpoolRecord | null
      /** Bytes at its end that were cut off: a write that a crash tore. */
      readonly torn_bytes: number
    }
  /** Not even its header can be read. */
  | { readonly kind: 'unreadable'; readonly bytes: number }

/**
 * Reads a segment that an earlier process left. Of the last one, an end that
 * does not open is a torn write, which nobody was told of: it is cut off. Damage
 * anywhere else is kept and reported when it is drained.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID`: the key that it was written under is not there.
 */
export async function findSegment(path: string, keys: SpoolKeys, last: boolean): Promise<FoundSegment> {
  const bytes = await readFile(path)
  const header = readHeader(bytes)
  if (header === null) return { kind: 'unreadable', bytes: bytes.length }
  const secret = keys.find(header.key_id)
  if (secret === undefined)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The spool file ${path} was written under key ${header.key_id.toString('hex')}, which is not among the keys given; put that key back as a further line of gateway.spool.key_file (or secrets/gateway-spool) until the spool has been drained.`,
    )
  const key = secret.derive(header.salt)
  let records = 0
  let newest: SpoolRecord | null = null
  let damaged = false
  let end = bytes.length
  for (const walked of walkFrames(header, key, bytes, FIRST)) {
    if (walked.kind === 'damage') {
      if (walked.next === null && last) end = walked.at
      else damaged = true
      continue
    }
    const found = decodeRecords(walked.plain)
    records += found.length
    newest = found.at(-1) ?? newest
  }
  if (end < bytes.length) await truncate(path, end)
  const segment = { path, header, key, bytes: end, front: FIRST, damaged }
  return { kind: 'segment', segment, records, newest, torn_bytes: bytes.length - end }
}
