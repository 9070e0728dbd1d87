import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Files with damage are kept for whoever looks into it, the newest of them. */
const KEPT_DAMAGED = 4

/** Puts a file with damage aside, and forgets the oldest of those. */
export async function keepDamaged(directory: string, path: string): Promise<void> {
  await rename(path, `${path}.damaged-${Date.now()}`)
  const kept = (await readdir(directory)).filter((name) => name.includes('.damaged-')).sort()
  for (const name of kept.slice(0, -KEPT_DAMAGED)) await rm(join(directory, name), { force: true })
}

/** What was created, renamed or removed in a directory is so after a power cut, too. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
