import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { copyEmbedded, removeWork } from '../../backup/copy-embedded.ts'
import { MIN_KEY_CHARACTERS } from '../../backup/key.ts'
import { takeBackup } from '../../backup/take-backup.ts'
import type { Config } from '../../config.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import { openDataDir } from '../../runtime/data-dir.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import { readSecretFile } from '../../runtime/secrets.ts'
import type { CliIo } from '../io.ts'
import { backupBar, tellBackup } from './report.ts'

/** Takes a backup of what the configuration means. */
export async function runBackup(
  config: Config,
  directory: string,
  flags: { readonly keyFile: string; readonly json?: boolean },
  io: CliIo,
): Promise<void> {
  const key = await readKey(flags.keyFile)
  const dataDir = await openDataDir(config.data_dir)
  const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  const bar = backupBar(io.stderr)
  const begun = performance.now()
  try {
    const { database } = store.endpoint
    const manifest = await takeBackup({
      to: resolve(directory),
      key,
      gatewatch_version: await ownVersion(),
      now: Date.now,
      told: bar.told,
      copy: (id, seal) => copyEmbedded({ dataDir, client, database, told: bar.told }, id, seal),
      done: (id) => removeWork(dataDir, id),
    })
    bar.stop()
    tellBackup(io, resolve(directory), manifest, performance.now() - begun, flags.json === true)
  } finally {
    bar.stop()
    await client.close()
    await store.stop()
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
