import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { LogTopic } from '../../schemas/topics.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import { backupsDirectory } from '../runtime/clickhouse/endpoint-file.ts'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import { startEngine } from '../runtime/clickhouse/start-engine.ts'
import { RESTORING } from '../runtime/data-dir.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { settleCopy } from '../runtime/log/embedded/hot-copy.ts'
import type { BackupKey } from './key.ts'
import type { Manifest } from './manifest.ts'
import { restoreTables } from './restore-cluster.ts'
import { openSealed } from './sealed-file.ts'
import { fileDestination, restoreStore } from './store-copy.ts'
import type { Told } from './take-backup.ts'

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
  /** Where the compacted topics of a deployment on Kafka go, and those of the catalogue. */
  readonly kafka: { readonly eventLog: EventLog; readonly topics: readonly LogTopic[] } | null
  /** The ClickHouse server, when the store is one. Its database is created, and has no tables yet. */
  readonly server: ClickHouseEndpoint | null
  /** Done with what was restored before anybody may open it. */
  readonly finish: () => Promise<void>
}

/**
 * Restores a backup into an empty data directory, and what lies outside it.
 * `restoring` stands in it until all is there: nothing starts on half of it.
 * Last of all a note is left for the gateway, which writes it into its chain:
 * whatever was recorded after the backup is missing, and that is said for ever.
 */
export async function restoreBackup(options: RestoreOptions): Promise<void> {
  const { directory, manifest, key, dataDir, told, now } = options
  checkKind(options)
  await claimEmpty(dataDir)
  const files = manifest.files.filter(({ path }) => !path.startsWith('tables/'))
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  for (const file of files) {
    const target = join(dataDir, placeOf(file.path, manifest.id))
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await openSealed(join(directory, file.path), target, key.fileKey(file.path), (bytes) =>
      told('restoring', (done += bytes), total),
    )
  }
  if (options.kafka === null) await settleCopy(join(dataDir, 'log'))
  else await restoreTables({ ...options, ...options.kafka })
  await restoreRows(options)
  await options.finish()
  await leaveNote(dataDir, manifest, now())
  await rm(join(dataDir, RESTORING))
  const handle = await open(dataDir, 'r')
  await handle.sync()
  await handle.close()
}

function checkKind({ manifest, kafka, server }: RestoreOptions): void {
  const { log, store } = manifest
  const wrong =
    (log === 'kafka') !== (kafka !== null)
      ? `its log was ${log === 'kafka' ? 'Kafka: set kafka.brokers' : 'the embedded one: leave kafka.brokers out'}`
      : store.kind === 'server' && server === null
        ? 'its store was a ClickHouse server: set clickhouse.url'
        : store.kind === 'embedded' && server !== null
          ? 'its store was the embedded one: leave clickhouse.url out'
          : null
  if (wrong !== null)
    throw new GatewatchError('ERR_BACKUP', `The backup does not fit this configuration, since ${wrong}.`)
}

async function restoreRows({ manifest, dataDir, logger, server, told }: RestoreOptions): Promise<void> {
  const { store, id } = manifest
  if (store.kind === 'none') return
  const storeCopy = join(backupsDirectory(join(dataDir, 'clickhouse')), id)
  const engine = store.kind === 'embedded' ? await startEngine({ dataDir, logger }) : null
  const endpoint = engine?.endpoint ?? server
  if (endpoint === null) return
  const client = openClickHouse(endpoint)
  const from = store.kind === 'server' ? store.destination : fileDestination(storeCopy)
  try {
    await restoreStore(client, endpoint.database, from, (done, all) => told('store', done, all))
  } finally {
    await client.close()
    await engine?.stop()
  }
  await rm(storeCopy, { recursive: true, force: true })
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
