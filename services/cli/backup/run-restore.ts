import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { topics } from '../../../schemas/topics.ts'
import { readManifest } from '../../backup/manifest.ts'
import { restoreBackup } from '../../backup/restore-backup.ts'
import { openKey, verifyBackup } from '../../backup/verify-backup.ts'
import type { Config } from '../../config.ts'
import type { ClickHouseEndpoint } from '../../runtime/clickhouse/endpoint.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import type { CliIo } from '../io.ts'
import { openKafka } from './open-kafka.ts'
import { backupBar, tellRestore } from './report.ts'
import { readKey } from './run-backup.ts'

/** Restores a backup into the configured data directory, or only proves it. */
export async function runRestore(
  config: Config,
  directory: string,
  flags: { readonly keyFile?: string; readonly dryRun?: boolean; readonly json?: boolean },
  io: CliIo,
): Promise<void> {
  const from = resolve(directory)
  const dryRun = flags.dryRun === true
  const manifest = await readManifest(from)
  if (flags.keyFile === undefined && !dryRun)
    throw new GatewatchError(
      'ERR_USAGE',
      'A restore needs the key that the backup was taken with; give --key-file.',
    )
  const key = flags.keyFile === undefined ? null : openKey(manifest, await readKey(flags.keyFile))
  const bar = backupBar(io.stderr)
  const begun = performance.now()
  const dataDir = resolve(config.data_dir)
  try {
    // What is restored is opened, and so proved, on its way.
    await verifyBackup(from, manifest, dryRun ? key : null, bar.told)
    if (!dryRun && key !== null) {
      const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
      const eventLog = config.kafka === undefined ? null : await openKafka(config.kafka, logger)
      const { told } = bar
      const kafka = eventLog === null ? null : { eventLog, topics }
      try {
        const server = await serverOf(config, dataDir, logger)
        await restoreBackup({
          directory: from,
          manifest,
          key,
          dataDir,
          logger,
          now: Date.now,
          told,
          kafka,
          server,
        })
      } finally {
        await eventLog?.close()
      }
    }
  } finally {
    bar.stop()
  }
  const what = dryRun ? (key === null ? 'intact' : 'restorable') : 'restored'
  tellRestore(io, { what, manifest, dataDir, ms: performance.now() - begun }, flags.json === true)
}

async function serverOf(config: Config, dataDir: string, logger: Logger): Promise<ClickHouseEndpoint | null> {
  if (config.clickhouse.url === undefined) return null
  return (await openStore({ dataDir, settings: config.clickhouse, logger })).endpoint
}
