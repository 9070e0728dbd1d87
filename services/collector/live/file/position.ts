import { hash } from 'node:crypto'
import { z } from 'zod'

/** How much of a file's beginning tells it from another one. */
export const HEAD_BYTES = 1024

/**
 * Where a followed file goes on. An inode can be given to another file, and a
 * copy has another inode: so the beginning of the file counts, as far as it was
 * read, and the inode decides where the beginning says nothing yet.
 */
export const FilePosition = z.strictObject({
  /** Empty: there was no file yet, and whatever comes is new from its beginning. */
  inode: z.string().max(32),
  offset: z.int().min(0),
  head_bytes: z.int().min(0).max(HEAD_BYTES),
  head_sha256: z.string().max(64),
})
export type FilePosition = z.infer<typeof FilePosition>

/** The position before a file that is yet to come. */
export const NO_FILE: FilePosition = { inode: '', offset: 0, head_bytes: 0, head_sha256: '' }

export function positionOf(inode: string, offset: number, head: Buffer): FilePosition {
  return { inode, offset, head_bytes: head.length, head_sha256: hash('sha256', head, 'hex') }
}
