import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Files under a directory that hold one of the texts, as they lie on the disk. */
export async function filesWith(directory: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    for (const text of texts) {
      const at = placeOfWord(bytes, text)
      if (at === -1) continue
      const around = bytes.toString('latin1', Math.max(0, at - 80), at + text.length + 80)
      found.push(`${path}: ${text} at ${at}: ${JSON.stringify(around)}`)
    }
  }
  return found
}

const NAMESAKE = '.smith'
const BEFORE = 64

/**
 * Of `alice-q7x`, and not the beginning of `alice-q7x.smith`; or −1. A compacted
 * log has torn copies of living pages where a page is not full (LMDB fills its
 * buffers again without clearing them): of her namesake, when the same bytes
 * come before a mention that is whole.
 */
function placeOfWord(bytes: Buffer, text: string): number {
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) {
    if (bytes.toString('latin1', at + text.length, at + text.length + NAMESAKE.length) === NAMESAKE) continue
    const upTo = bytes.subarray(Math.max(0, at - BEFORE), at + text.length)
    if (!bytes.includes(Buffer.concat([upTo, Buffer.from(NAMESAKE)]))) return at
  }
  return -1
}
