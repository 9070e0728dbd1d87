import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import { backupsDirectory } from '../runtime/clickhouse/endpoint-file.ts'
import { startEngine } from '../runtime/clickhouse/start-engine.ts'
import { RESTORING } from '../runtime/data-dir.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { settleCopy } from '../runtime/log/embedded/hot-copy.ts'
import { deriveKey, type BackupKey } from './key.ts'
import type { BackupFile, Manifest } from './manifest.ts'
import { digestOf, openSealed } from './sealed-file.ts'
import { fileDestination, restoreStore } from './store-copy.ts'
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

export interface RestoreOptions {
  /** Of the backup. */
  readonly directory: string
  readonly manifest: Manifest
  readonly key: BackupKey
  /** Does not exist, or is empty. */
  readonly dataDir: string
  readonly logger: Logger
  readonly now: () => number
  readonly told: Told
}

/**
 * Restores a backup of an embedded deployment into an empty data directory.
 * `restoring` stands in it until all is there: nothing starts on half of it.
 * Last of all a note is left for the gateway, which writes it into its chain:
 * whatever was recorded after the backup is missing, and that is said for ever.
 */
export async function restoreBackup(options: RestoreOptions): Promise<void> {
  const { directory, manifest, key, dataDir, told, now } = options
  if (manifest.log !== 'embedded' || manifest.store.kind !== 'embedded')
    throw new GatewatchError(
      'ERR_BACKUP',
      'This backup is of a deployment with Kafka; restore it as deploy/operations/backup.md says.',
    )
  await claimEmpty(dataDir)
  const backups = backupsDirectory(join(dataDir, 'clickhouse'))
  const storeCopy = join(backups, manifest.id)
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  for (const file of manifest.files) {
    const target = join(dataDir, placeOf(file.path, manifest.id))
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await openSealed(join(directory, file.path), target, key.fileKey(file.path), (bytes) =>
      told('restoring', (done += bytes), total),
    )
  }
  await settleCopy(join(dataDir, 'log'))
  const engine = await startEngine({ dataDir, logger: options.logger })
  const client = openClickHouse(engine.endpoint)
  try {
    await restoreStore(client, engine.endpoint.database, fileDestination(storeCopy), (part, all) =>
      told('store', part, all),
    )
  } finally {
    await client.close()
    await engine.stop()
  }
  await rm(storeCopy, { recursive: true, force: true })
  await leaveNote(dataDir, manifest, now())
  await rm(join(dataDir, RESTORING))
  const handle = await open(dataDir, 'r')
  await handle.sync()
  await handle.close()
}

function placeOf(path: string, id: string): string {
  if (path.startsWith('data/')) return path.slice('data/'.length)
  if (path.startsWith('store/')) return `clickhouse/backups/${id}/${path.slice('store/'.length)}`
  return path
}

async function claimEmpty(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const names = await readdir(dataDir)
  if (names.length > 0)
    throw new GatewatchError(
      'ERR_BACKUP',
      names.includes(RESTORING)
        ? `In ${dataDir} a restore was cut off; delete what is in it and restore again.`
        : `The data directory ${dataDir} is not empty; set data_dir (GATEWATCH_DATA_DIR) to one that does not exist or is empty.`,
    )
  const file = await open(join(dataDir, RESTORING), 'wx', 0o600)
  await file.sync()
  await file.close()
}

/** Read by the gateway (services/gateway/record/restored.ts). */
async function leaveNote(dataDir: string, { id, taken_at }: Manifest, now: number): Promise<void> {
  const path = join(dataDir, 'gateway', 'restored.json')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const note = { backup_id: id, taken_at, restored_at: new Date(now).toISOString() }
  await writeFile(`${path}.new`, `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
}
