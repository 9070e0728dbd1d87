import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isOf, openFile, type OpenFile } from './open-file.ts'
import type { FilePosition } from './position.ts'

/** Entries of a folder that are looked at; nobody keeps so many generations of one log. */
const MAX_ENTRIES = 10_000
const COMPRESSED = /\.(gz|xz|zst|bz2)$/

/**
 * The file in the folder of `path` that the position is in: the renamed one, by
 * its inode, or the copy that `copytruncate` made, by its beginning. Null: none.
 */
export async function findMoved(path: string, position: FilePosition): Promise<OpenFile | null> {
  let copy: OpenFile | null = null
  for (const sibling of await plainFiles(path)) {
    if (COMPRESSED.test(sibling.name) || (position.head_bytes === 0 && sibling.inode !== position.inode)) {
      continue
    }
    const file = await openFile(join(dirname(path), sibling.name)).catch(() => null)
    if (file === null) continue
    if (!(await isOf(position, file))) await file.handle.close()
    else if (file.inode === position.inode) {
      await copy?.handle.close()
      return file
    } else if (copy === null) copy = file
    else await file.handle.close()
  }
  return copy
}

export interface Later {
  /** Whole files to be read before the one that stands at the path, oldest first. */
  readonly files: readonly OpenFile[]
  /** How many there are that were compressed before they could be read. */
  readonly compressed: number
}

/** The generations of the log at `path` that were written after `modifiedNs`, but for the one at the path itself. */
export async function laterGenerations(path: string, inode: string, modifiedNs: bigint): Promise<Later> {
  const stem = stemOf(basename(path))
  const later = (await plainFiles(path))
    .filter((one) => one.inode !== inode && one.modified_ns > modifiedNs)
    .filter(({ name }) => stemOf(name.replace(COMPRESSED, '')) === stem)
    .toSorted((a, b) => (a.modified_ns < b.modified_ns ? -1 : 1))
  const files: OpenFile[] = []
  for (const { name } of later) {
    if (COMPRESSED.test(name)) continue
    const file = await openFile(join(dirname(path), name)).catch(() => null)
    if (file !== null) files.push(file)
  }
  return { files, compressed: later.filter(({ name }) => COMPRESSED.test(name)).length }
}

/** A name without its numbers and dates: `auth.log.1` and `auth.log-20260101` are generations of `auth.log`. */
function stemOf(name: string): string {
  return name.replaceAll(/[-._]\d[\dT_-]*/g, '')
}

async function plainFiles(
  path: string,
): Promise<{ readonly name: string; readonly inode: string; readonly modified_ns: bigint }[]> {
  const folder = dirname(path)
  const own = basename(path)
  const entries = await readdir(folder, { withFileTypes: true })
  const found = []
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    if (!entry.isFile() || entry.name === own) continue
    // What is gone by now was rotated on; the next look finds it.
    const facts = await stat(join(folder, entry.name), { bigint: true }).catch(() => null)
    if (facts !== null) found.push({ name: entry.name, inode: String(facts.ino), modified_ns: facts.mtimeNs })
  }
  return found
}
