import { hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { HEAD_BYTES, type FilePosition } from './position.ts'

/** A file that is open for reading. It stays the same file whatever becomes of its name. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly inode: string
}

/** Null where there is none, or none that can be followed (a folder, a pipe). */
export async function openFile(path: string): Promise<OpenFile | null> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  const facts = await handle.stat({ bigint: true })
  if (facts.isFile()) return { handle, inode: String(facts.ino) }
  await handle.close()
  throw new Error('it is no plain file')
}

/** The first bytes of the file, `bytes` at most. */
export async function readHead({ handle }: OpenFile, bytes: number = HEAD_BYTES): Promise<Buffer> {
  const head = Buffer.alloc(bytes)
  const { bytesRead } = await handle.read(head, 0, bytes, 0)
  return head.subarray(0, bytesRead)
}

/** Whether the position is one in this file: it begins alike and reaches so far. */
export async function isOf(position: FilePosition, file: OpenFile): Promise<boolean> {
  const { size } = await file.handle.stat()
  if (size < position.offset) return false
  if (position.head_bytes === 0) return file.inode === position.inode
  const head = await readHead(file, position.head_bytes)
  return head.length === position.head_bytes && hash('sha256', head, 'hex') === position.head_sha256
}
