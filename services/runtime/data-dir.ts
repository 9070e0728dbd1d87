import { mkdir, open, readdir, readFile, rename, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GatewatchError } from './errors.ts'

/** Rises when an older Gatewatch could not read what a newer one writes. */
const DATA_FORMAT = 1

/** Stands in a directory while a backup is restored into it. */
export const RESTORING = 'restoring'

/** Below this much free space nothing starts: the log would fill the disk while people are let in and out. */
const MIN_FREE_BYTES = 256 * 1024 * 1024

/**
 * Opens a data directory: creates it (mode 0700) and its `version` file at the
 * first use, and refuses one of another format. Resolves to its absolute path.
 */
export async function openDataDir(path: string): Promise<string> {
  const directory = resolve(path)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The data directory ${directory} can't be created (${codeOf(error)}); set data_dir (GATEWATCH_DATA_DIR) to a place that can be written.`,
      { cause: error },
    )
  }
  await checkWhole(directory)
  await checkVersion(directory)
  await checkSpace(directory)
  return directory
}

async function checkWhole(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (!names.includes(RESTORING)) return
  throw new GatewatchError(
    'ERR_BACKUP',
    `The data directory ${directory} holds half of a backup, whose restore is under way or was cut off; wait for it to end, or delete what is in it and restore again.`,
  )
}

async function checkVersion(directory: string): Promise<void> {
  const path = join(directory, 'version')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await writeWhole(path, `gatewatch data format ${DATA_FORMAT}\n`)
    return
  }
  const found = /^gatewatch data format (\d{1,6})$/.exec(text.trim())?.[1]
  if (found === String(DATA_FORMAT)) return
  throw new GatewatchError(
    'ERR_DATA_DIR_VERSION',
    `The data directory ${directory} has data format ${found ?? 'unknown'} and this Gatewatch reads format ${DATA_FORMAT}; ` +
      `use the Gatewatch that wrote it, or set data_dir (GATEWATCH_DATA_DIR) to another directory.`,
  )
}

async function checkSpace(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  if (free >= MIN_FREE_BYTES) return
  throw new GatewatchError(
    'ERR_DISK_FULL',
    `The disk under ${directory} has ${Math.floor(free / 1048576)} MiB left and Gatewatch needs ${MIN_FREE_BYTES / 1048576} MiB to start; ` +
      `free some space, or set data_dir (GATEWATCH_DATA_DIR) to another disk.`,
  )
}

async function writeWhole(path: string, text: string): Promise<void> {
  const mine = `${path}.${process.pid}.new`
  const file = await open(mine, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(mine, path)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
