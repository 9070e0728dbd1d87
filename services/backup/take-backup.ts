import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GatewatchError } from '../runtime/errors.ts'
import type { LogPositions } from '../runtime/log/embedded/hot-copy.ts'
import { filesUnder } from './data-files.ts'
import { deriveKey, type KeyDerivation } from './key.ts'
import { BACKUP_FORMAT, writeManifest, type BackupFile, type Manifest } from './manifest.ts'
import { sealFile } from './sealed-file.ts'

export type Phase = 'store' | 'log' | 'sealing' | 'checking' | 'restoring'

/** Told how far a phase is, in bytes. */
export type Told = (phase: Phase, done: number, total: number) => void

/** What is sealed: a file as it lies now, under the path that it has in the backup. */
export interface Piece {
  readonly path: string
  readonly from: string
}

/** What was copied into a place of its own, and what the manifest says of it. */
export interface Copied extends LogPositions {
  readonly pieces: readonly Piece[]
  readonly log: Manifest['log']
  readonly store: Manifest['store']
}

export interface BackupOptions {
  /** Where the backup goes: a directory that does not exist, or is empty. */
  readonly to: string
  /** Text of the key file. */
  readonly key: string
  readonly gatewatch_version: string
  readonly now: () => number
  readonly told: Told
  /**
   * Copies everything to where it lies still. `seal` at once what must be as it
   * was at that moment, and may go meanwhile; what is returned is sealed afterwards.
   */
  readonly copy: (id: string, seal: (pieces: readonly Piece[]) => Promise<void>) => Promise<Copied>
  /** Removes what `copy` made, whether it was sealed or failed. */
  readonly done: (id: string) => Promise<void>
}

/**
 * Takes a backup: sealed files, and last the manifest that makes them one. What
 * fails or is killed before leaves a directory without a manifest, which
 * `restore` refuses; what fails is removed as well.
 *
 * @throws GatewatchError `ERR_BACKUP` when the place is not empty.
 */
export async function takeBackup(options: BackupOptions): Promise<Manifest> {
  const { to, told, now } = options
  const taken_at = new Date(now()).toISOString()
  await claimEmpty(to)
  const id = randomBytes(8).toString('hex')
  const derivation: KeyDerivation = {
    algorithm: 'scrypt',
    salt: randomBytes(16).toString('hex'),
    n: 32_768,
    r: 8,
    p: 1,
  }
  const key = deriveKey(options.key, derivation)
  const files: BackupFile[] = []
  let done = 0
  const seal = async (pieces: readonly Piece[], early: boolean, total: number): Promise<void> => {
    for (const { path, from } of pieces) {
      const target = join(to, path)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      try {
        const sealed = await sealFile(from, target, key.fileKey(path), (bytes) => {
          done += bytes
          told('sealing', done, Math.max(total, done))
        })
        files.push({ path, ...sealed })
      } catch (error) {
        // A token that was revoked meanwhile, a spool's segment that is in the log by now.
        if (!early || !isGone(error, from)) throw error
      }
    }
  }
  try {
    const { pieces, ...facts } = await options.copy(id, (early) => seal(early, true, 0))
    await seal(pieces, false, await bytesOf(pieces))
    const manifest = {
      format: BACKUP_FORMAT,
      id,
      gatewatch_version: options.gatewatch_version,
      taken_at,
      key: derivation,
      ...facts,
      files,
    } as const
    const whole: Manifest = { ...manifest, mac: key.mac(manifest) }
    await syncDirectories(to)
    await writeManifest(to, whole)
    await syncDirectory(to)
    return whole
  } catch (error) {
    for (const name of await readdir(to)) await rm(join(to, name), { recursive: true, force: true })
    throw error
  } finally {
    await options.done(id)
  }
}

async function claimEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const names = await readdir(directory)
  if (names.length === 0) return
  throw new GatewatchError(
    'ERR_BACKUP',
    names.includes('manifest.json')
      ? `${directory} holds a backup already; give a directory that does not exist or is empty.`
      : `${directory} is not empty; give a directory that does not exist or is empty (remains of a backup that was cut off may be deleted).`,
  )
}

function isGone(error: unknown, path: string): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return false
  return error.code === 'ENOENT' && error.path === path
}

async function bytesOf(pieces: readonly Piece[]): Promise<number> {
  let bytes = 0
  for (const { from } of pieces) {
    const file = await open(from, 'r')
    bytes += (await file.stat()).size
    await file.close()
  }
  return bytes
}

/** The names of files are on disk when their directories are flushed. */
async function syncDirectories(root: string): Promise<void> {
  const directories = new Set([root])
  for (const file of await filesUnder(root)) directories.add(dirname(join(root, file)))
  for (const directory of directories) await syncDirectory(directory)
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
