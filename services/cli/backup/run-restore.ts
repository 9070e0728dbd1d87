import { resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Erasure } from '../../../schemas/erasure.ts'
import { topics } from '../../../schemas/topics.ts'
import { readManifest } from '../../backup/manifest.ts'
import { restoreBackup } from '../../backup/restore-backup.ts'
import { openKey, verifyBackup } from '../../backup/verify-backup.ts'
import type { Config } from '../../config.ts'
import { openLedger, readErasures, takeUp } from '../../erasure/ledger.ts'
import type { ClickHouseEndpoint } from '../../runtime/clickhouse/endpoint.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import { eraseUnfinished } from '../erase/finish-erasures.ts'
import { ledgerDirectory } from '../erase/ledger-directory.ts'
import { refuseLiving } from '../erase/refuse-living.ts'
import type { CliIo } from '../io.ts'
import { openKafka } from './open-kafka.ts'
import { backupBar, tellRestore } from './report.ts'
import { readKey } from './run-backup.ts'

export interface RestoreFlags {
  readonly keyFile?: string
  readonly erasures?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Restores a backup into the configured data directory, or only proves it. */
export async function runRestore(
  config: Config,
  directory: string,
  flags: RestoreFlags,
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
  const erasures = await erasuresSince(flags.erasures)
  let again: readonly Erasure[] = []
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
          async finish() {
            if (eventLog !== null) await refuseLiving(eventLog)
            await takeUp(openLedger(ledgerDirectory(config, dataDir)), erasures)
            again = await eraseUnfinished(config, dataDir)
          },
        })
      } finally {
        await eventLog?.close()
      }
    }
  } finally {
    bar.stop()
  }
  const what = dryRun ? (key === null ? 'intact' : 'restorable') : 'restored'
  const ms = performance.now() - begun
  const erased_again = again.length
  const told = flags.erasures !== undefined || config.erasure.directory !== undefined
  tellRestore(io, { what, manifest, dataDir, ms, erased_again, told }, flags.json === true)
}

/** What a file beside the backup knows of persons who were erased since; one that says nothing is a mistake. */
async function erasuresSince(path: string | undefined): Promise<readonly Erasure[]> {
  if (path === undefined) return []
  const erasures = await readErasures(resolve(path))
  if (erasures.length > 0) return erasures
  throw new GatewatchError(
    'ERR_USAGE',
    `There is no erasure in ${path}: give the newest erasures.jsonl, or leave --erasures out.`,
  )
}

async function serverOf(config: Config, dataDir: string, logger: Logger): Promise<ClickHouseEndpoint | null> {
  if (config.clickhouse.url === undefined) return null
  return (await openStore({ dataDir, settings: config.clickhouse, logger })).endpoint
}
