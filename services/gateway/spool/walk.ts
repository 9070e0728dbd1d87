import { FRAME_HEAD_BYTES, frameLength, MAX_FRAME_BYTES, openFrame } from './frame.ts'
import type { SegmentHeader } from './frame.ts'

export interface Place {
  /** Offset in the file. */
  readonly at: number
  /** Number of the frame that begins there. */
  readonly index: number
}

export type Walked =
  | { readonly kind: 'frame'; readonly plain: Buffer; readonly next: Place }
  /** Bytes that are no frame of this segment, up to the next one that is, or (null) to the end. */
  | { readonly kind: 'damage'; readonly at: number; readonly next: Place | null }

/**
 * The frames of a segment's bytes, from one place on. Damage does not end the
 * walk: what lies behind it was acknowledged too, so the next frame that opens
 * is looked for byte by byte.
 */
export function* walkFrames(
  header: SegmentHeader,
  key: Buffer,
  bytes: Buffer,
  from: Place,
): Generator<Walked, void> {
  let place: Place | null = from
  while (place !== null && place.at < bytes.length) {
    const plain = frameAt(header, key, bytes, place)
    if (plain !== null) {
      const length = frameLength(bytes.subarray(place.at), place.index) ?? 0
      const next: Place = { at: place.at + length, index: place.index + 1 }
      yield { kind: 'frame', plain, next }
      place = next
    } else {
      const next: Place | null = findFrame(header, key, bytes, place)
      yield { kind: 'damage', at: place.at, next }
      place = next
    }
  }
}

function frameAt(header: SegmentHeader, key: Buffer, bytes: Buffer, { at, index }: Place): Buffer | null {
  const length = frameLength(bytes.subarray(at), index)
  if (length === null || at + length > bytes.length) return null
  return openFrame(header, key, index, bytes.subarray(at, at + length))
}

/** The first frame behind a place where none opens. */
function findFrame(header: SegmentHeader, key: Buffer, bytes: Buffer, { at, index }: Place): Place | null {
  for (let next = at + 1; next + FRAME_HEAD_BYTES <= bytes.length; next += 1) {
    const length = bytes.readUInt32BE(next)
    if (length > MAX_FRAME_BYTES || next + length > bytes.length) continue
    const candidate = { at: next, index: bytes.readUInt32BE(next + 4) }
    if (candidate.index < index || frameLength(bytes.subarray(next), candidate.index) === null) continue
    if (frameAt(header, key, bytes, candidate) !== null) return candidate
  }
  return null
}
