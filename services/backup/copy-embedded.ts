import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { backupsDirectory } from '../runtime/clickhouse/endpoint-file.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { copyLog, settleCopy } from '../runtime/log/embedded/hot-copy.ts'
import { dataFiles, filesUnder } from './data-files.ts'
import { backUpStore, fileDestination, storeBytes, storedRows, storeVersion } from './store-copy.ts'
import type { Copied, Piece, Told } from './take-backup.ts'

/** Groups that write to the store, and so must stand still while both are copied. */
const STORE_GROUPS = ['storage']
/** An insert ends within its client's two minutes; a store that is away is not waited for longer. */
const HOLD_TIMEOUT_MS = 130_000

export interface EmbeddedSource {
  readonly dataDir: string
  readonly client: ClickHouseClient
  readonly database: string
  /** Of a ClickHouse server: where its own BACKUP goes. Null: the store is the embedded engine, and in the backup. */
  readonly destination: string | null
  readonly told: Told
}

/**
 * Copies a data directory while its processes run, so that the parts agree:
 *
 * 1. Storage is held: it finishes the block in hand and begins none. From here
 *    on the store has exactly the rows before storage's committed offsets.
 * 2. The directory's files, while the log still grows. A mark of the chain that
 *    is older than the log is what a crash leaves too; a newer one would name
 *    links that the copy lacks. A spool's records that reach the log meanwhile
 *    are in both, as after a crash between the two.
 * 3. The store, by its own BACKUP.
 * 4. The log, as it is at one commit; then storage goes on.
 *
 * So the copy is a moment that the whole might have died at, with no block of
 * storage's under way. Decisions are recorded all the time; only rows wait.
 */
export async function copyEmbedded(
  source: EmbeddedSource,
  id: string,
  seal: (pieces: readonly Piece[]) => Promise<void>,
): Promise<Copied> {
  const { dataDir, client, database, destination, told } = source
  const works = join(dataDir, 'backup-work')
  const work = join(works, id)
  const backups = backupsDirectory(join(dataDir, 'clickhouse'))
  const storeCopy = join(backups, id)
  const { size: logBytes } = await stat(join(dataDir, 'log', 'log.mdb'))
  const store = { version: '', rows: {} }
  await copyLog({
    directory: join(dataDir, 'log'),
    to: join(work, 'log'),
    groups: STORE_GROUPS,
    hold_timeout_ms: HOLD_TIMEOUT_MS,
    async held() {
      // Nobody else copies now: what lies here was left by one that was killed.
      await empty(works)
      await empty(backups)
      await checkSpace(dataDir, logBytes + (destination === null ? await storeBytes(client, database) : 0))
      await mkdir(work, { recursive: true, mode: 0o700 })
      const files = await dataFiles(dataDir)
      await seal(files.map((file) => ({ path: `data/${file}`, from: join(dataDir, file) })))
      Object.assign(store, {
        version: await storeVersion(client),
        rows: await storedRows(client, database),
      })
      await backUpStore(client, database, destination ?? fileDestination(storeCopy), (done, total) =>
        told('store', done, total),
      )
      told('log', 0, logBytes)
    },
  })
  told('log', logBytes, logBytes)
  const positions = await settleCopy(join(work, 'log'))
  const stored = destination === null ? await filesUnder(storeCopy) : []
  const pieces = [
    { path: 'log/log.mdb', from: join(work, 'log', 'log.mdb') },
    ...stored.map((file) => ({ path: `store/${file}`, from: join(storeCopy, file) })),
  ]
  const kept = destination === null ? { kind: 'embedded' as const } : { kind: 'server' as const, destination }
  return { ...positions, pieces, log: 'embedded', store: { ...store, ...kept } }
}

/** Removes what a copy left beside the data. */
export async function removeWork(dataDir: string, id: string): Promise<void> {
  await rm(join(dataDir, 'backup-work', id), { recursive: true, force: true })
  await rm(join(backupsDirectory(join(dataDir, 'clickhouse')), id), { recursive: true, force: true })
}

async function empty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of await readdir(directory))
    await rm(join(directory, name), { recursive: true, force: true })
}

async function checkSpace(dataDir: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir)
  // The last part stays free for the log, which goes on meanwhile.
  const free = bavail * bsize * 0.9
  if (free >= needed) return
  const mib = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MiB`
  throw new GatewatchError(
    'ERR_DISK_FULL',
    `A backup needs ${mib(needed)} beside the data while it is taken, and the disk under ${dataDir} has ${mib(free)} to spare; free some space and back up again.`,
  )
}
