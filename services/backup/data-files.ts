import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/**
 * Not copied as files: the log and the store have copies of their own, a lock
 * belongs to living processes, and what they said to one machine.
 */
const LEFT_OUT = new Set([
  'log',
  'clickhouse',
  'lock.mdb',
  'lock.mdb-lock',
  'gatewatch.log',
  'backup-work',
  'restoring',
])

/**
 * The data directory's own files: secrets, tokens, marks of the chain, what was
 * logged out, a spool. Relative, with slashes. A directory inside that is a
 * data directory itself (the demo's) is left out.
 */
export async function dataFiles(dataDir: string): Promise<string[]> {
  const files: string[] = []
  for (const entry of await readdir(dataDir, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue
    if (entry.isFile()) files.push(entry.name)
    if (!entry.isDirectory()) continue
    const inside = await filesUnder(join(dataDir, entry.name))
    if (!inside.includes('version')) for (const file of inside) files.push(`${entry.name}/${file}`)
  }
  // What is half written has a name that nobody reads; its writer gives it the right one when it is whole.
  return files.filter((file) => !file.endsWith('.new')).sort()
}

/** All files under a directory, relative to it, with slashes. */
export async function filesUnder(root: string): Promise<string[]> {
  const files: string[] = []
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    files.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
  }
  return files
}
