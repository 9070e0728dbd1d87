import type { LossCause } from '../metrics.ts'
import type { Start } from './follow.ts'
import { isOf, openFile, readHead, type OpenFile } from './open-file.ts'
import { HEAD_BYTES, NO_FILE, positionOf, type FilePosition } from './position.ts'
import { findMoved } from './siblings.ts'

/** How far back the beginning of the last line is looked for. */
const BACK_BYTES = 1_048_576

export interface Begin {
  /** Null: there is no file, and the next one is read from its beginning. */
  readonly start: Start | null
  readonly position: FilePosition
}

/** Where a log is read from that was never read: from the beginning of its last, unfinished line, or from the first. */
export async function beginNew(path: string, from: 'beginning' | 'end'): Promise<Begin> {
  const file = await openFile(path)
  if (file === null) return { start: null, position: NO_FILE }
  const offset = from === 'end' ? await behindLastLine(file) : 0
  const head = await readHead(file, Math.min(HEAD_BYTES, offset))
  return { start: { file, offset, final: false }, position: positionOf(file.inode, offset, head) }
}

/**
 * Where a log is read on from. The file of the position may have been renamed, or
 * copied and truncated, since: it is looked for in the folder. If it is gone, what
 * stands at the path is read from its beginning, and the loss is told.
 */
export async function beginAgain(
  path: string,
  position: FilePosition,
  lost: (cause: LossCause) => void,
): Promise<Start | null> {
  if (position.inode === '') return null
  const { offset } = position
  const current = await openFile(path)
  const isCurrent = current !== null && (await isOf(position, current))
  if (isCurrent && current.inode === position.inode) return { file: current, offset, final: false }
  const moved = await findMoved(path, position)
  if (moved !== null) {
    await current?.handle.close()
    return { file: moved, offset, final: false }
  }
  // A restored copy: another inode, the same text.
  if (isCurrent) return { file: current, offset, final: false }
  lost('rotated_away')
  return current === null ? null : { file: current, offset: 0, final: false }
}

async function behindLastLine(file: OpenFile): Promise<number> {
  const { size } = await file.handle.stat()
  const back = Math.min(size, BACK_BYTES)
  const tail = Buffer.alloc(back)
  const { bytesRead } = await file.handle.read(tail, 0, back, size - back)
  const end = tail.subarray(0, bytesRead).lastIndexOf(0x0a)
  return end < 0 && back < size ? size : size - back + end + 1
}
