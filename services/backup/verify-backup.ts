import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewatchError } from '../runtime/errors.ts'
import { deriveKey, type BackupKey } from './key.ts'
import type { BackupFile, Manifest } from './manifest.ts'
import { digestOf, openSealed } from './sealed-file.ts'
import type { Told } from './take-backup.ts'

/** The key of a backup; refused when it is not the one that the manifest was sealed with. */
export function openKey(manifest: Manifest, text: string): BackupKey {
  const key = deriveKey(text, manifest.key)
  const { mac, ...rest } = manifest
  if (key.isMac(rest, mac)) return key
  throw new GatewatchError(
    'ERR_BACKUP',
    'The key file does not fit this backup, or its manifest was altered; give the key file that it was taken with, or another copy of the backup.',
  )
}

/**
 * Proves that every file of a backup is there as it was written; with a key,
 * that it opens too. `ERR_BACKUP` names the first that is not.
 */
export async function verifyBackup(
  directory: string,
  manifest: Manifest,
  key: BackupKey | null,
  told: Told,
): Promise<void> {
  const total = manifest.files.reduce((sum, { sealed_bytes }) => sum + sealed_bytes, 0)
  let done = 0
  for (const file of manifest.files) {
    await checkDigest(directory, file, (bytes) => told('checking', (done += bytes), total))
    if (key !== null) await openSealed(join(directory, file.path), null, key.fileKey(file.path), () => {})
  }
}

async function checkDigest(
  directory: string,
  { path, sha256, sealed_bytes }: BackupFile,
  progress: (bytes: number) => void,
): Promise<void> {
  const there = await stat(join(directory, path)).catch(() => null)
  if (there === null)
    throw new GatewatchError(
      'ERR_BACKUP',
      `The backup lacks its file ${path}; take another copy of this backup, or an older backup.`,
    )
  const found = await digestOf(join(directory, path), progress)
  if (found.bytes === sealed_bytes && found.sha256 === sha256) return
  throw new GatewatchError(
    'ERR_BACKUP',
    `The file ${path} of the backup is damaged; take another copy of this backup, or an older backup.`,
  )
}
