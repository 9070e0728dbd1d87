import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { topics } from '../../../schemas/topics.ts'
import { copyCluster, removeExports } from '../../backup/copy-cluster.ts'
import { copyEmbedded, removeWork } from '../../backup/copy-embedded.ts'
import { MIN_KEY_CHARACTERS } from '../../backup/key.ts'
import { checkedDestination } from '../../backup/store-copy.ts'
import { takeBackup, type BackupOptions, type Told } from '../../backup/take-backup.ts'
import type { Config } from '../../config.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import { openDataDir } from '../../runtime/data-dir.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import { readSecretFile } from '../../runtime/secrets.ts'
import type { CliIo } from '../io.ts'
import { rightsOf } from '../roles/rights.ts'
import { ROLES } from '../roles/role.ts'
import { openKafka } from './open-kafka.ts'
import { backupBar, tellBackup } from './report.ts'

export interface BackupFlags {
  readonly keyFile: string
  readonly storeTo?: string
  readonly withoutStore?: boolean
  readonly json?: boolean
}

/** Takes a backup of what the configuration means. */
export async function runBackup(
  config: Config,
  directory: string,
  flags: BackupFlags,
  io: CliIo,
): Promise<void> {
  const destination = destinationOf(config, flags)
  const key = await readKey(flags.keyFile)
  const dataDir = await openDataDir(config.data_dir)
  const bar = backupBar(io.stderr)
  const begun = performance.now()
  const source = await openSource(config, { dataDir, destination, flags, told: bar.told })
  try {
    const manifest = await takeBackup({
      to: resolve(directory),
      key,
      gatewatch_version: await ownVersion(),
      now: Date.now,
      told: bar.told,
      copy: source.copy,
      done: source.done,
    })
    bar.stop()
    tellBackup(io, resolve(directory), manifest, performance.now() - begun, flags.json === true)
  } finally {
    bar.stop()
    await source.close()
  }
}

/** Where the server's BACKUP goes; null where there is no server, or nothing of it is wanted. */
function destinationOf(config: Config, { storeTo, withoutStore }: BackupFlags): string | null {
  const server = config.clickhouse.url !== undefined
  const mistake = (text: string) => new GatewatchError('ERR_USAGE', text)
  if (storeTo !== undefined && !server)
    throw mistake('--store-to is for a ClickHouse server; the embedded store is in the backup itself.')
  if (withoutStore === true && config.kafka === undefined)
    throw mistake('--without-store is for a deployment on Kafka; leave it out.')
  if (withoutStore === true) return null
  if (server && storeTo === undefined)
    throw mistake(
      "The store is a ClickHouse server, which writes its backup itself; say where with --store-to, such as --store-to \"Disk('backups', 'monday')\", or give --without-store.",
    )
  if (!server && config.kafka !== undefined)
    throw mistake('A deployment on Kafka with the embedded store is backed up with --without-store.')
  return storeTo === undefined ? null : checkedDestination(storeTo)
}

interface Source extends Pick<BackupOptions, 'copy' | 'done'> {
  close(): Promise<void>
}

async function openSource(
  config: Config,
  options: {
    readonly dataDir: string
    readonly destination: string | null
    readonly flags: BackupFlags
    readonly told: Told
  },
): Promise<Source> {
  const { dataDir, destination, flags, told } = options
  const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
  const eventLog = config.kafka === undefined ? null : await openKafka(config.kafka, logger)
  const store =
    flags.withoutStore === true ? null : await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = store === null ? null : openClickHouse(store.endpoint)
  const close = async (): Promise<void> => {
    await client?.close()
    await store?.stop()
    await eventLog?.close()
  }
  if (eventLog !== null) {
    const server =
      store === null || client === null || destination === null
        ? null
        : { client, database: store.endpoint.database, destination }
    const cluster = { dataDir, eventLog, topics, groups: rightsOf(ROLES).joins, store: server, told }
    return {
      copy: (id, seal) => copyCluster(cluster, id, seal),
      done: (id) => removeExports(dataDir, id),
      close,
    }
  }
  if (store === null || client === null) throw new TypeError('an embedded log is copied with its store')
  const embedded = { dataDir, client, database: store.endpoint.database, destination, told }
  return {
    copy: (id, seal) => copyEmbedded(embedded, id, seal),
    done: (id) => removeWork(dataDir, id),
    close,
  }
}

export async function readKey(path: string): Promise<string> {
  const key = await readSecretFile(path, '--key-file')
  if (key.length >= MIN_KEY_CHARACTERS) return key
  throw new GatewatchError(
    'ERR_USAGE',
    `The key in ${path} is shorter than ${MIN_KEY_CHARACTERS} characters; make one with 'openssl rand -base64 32'.`,
  )
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  const json: unknown = JSON.parse(text)
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown'
}
