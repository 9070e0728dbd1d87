import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GatewatchError } from '../runtime/errors.ts'
import { KeyDerivation } from './key.ts'

/** Rises when an older Gatewatch could not restore what this one writes. */
export const BACKUP_FORMAT = 1
export const MANIFEST_FILE = 'manifest.json'

const Bytes = z.int().min(0)
const Path = z
  .string()
  .max(512)
  .regex(/^(data|log|store|tables)\/[^\0]*$/)
  .refine((path) => !path.split('/').some((part) => part === '' || part === '.' || part === '..'))

const BackupFile = z.strictObject({
  /** `data/…`: a file of the data directory; `log/…`; `store/…`: of ClickHouse's own BACKUP; `tables/…`: a compacted topic. */
  path: Path,
  /** Before it was sealed. */
  bytes: Bytes,
  sealed_bytes: Bytes,
  /** Of the sealed bytes, so that whoever keeps the backup can check it without the key. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type BackupFile = z.infer<typeof BackupFile>

const Marks = z.strictObject({ partition: Bytes, low: Bytes, high: Bytes })

const Store = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('embedded'),
    version: z.string().max(64),
    rows: z.record(z.string().max(128), Bytes),
  }),
  /** Written by the server itself, to where its `BACKUP … TO` said; restored by its RESTORE. */
  z.strictObject({
    kind: z.literal('server'),
    version: z.string().max(64),
    rows: z.record(z.string().max(128), Bytes),
    destination: z.string().max(1024),
  }),
  /** Left out, as asked: it is filled from the log, as far as the log goes back. */
  z.strictObject({ kind: z.literal('none') }),
])

/** What a backup is: written last, so that a directory without one is none. */
export const Manifest = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  gatewatch_version: z.string().max(64),
  taken_at: z.iso.datetime({ precision: 3 }),
  log: z.enum(['embedded', 'kafka']),
  key: KeyDerivation,
  /** Where the log stood, by topic. */
  topics: z.record(z.string().max(256), z.array(Marks).max(1024)),
  /** Offset of the next record of each group, by `<group>/<topic>/<partition>`. */
  committed: z.record(z.string().max(512), Bytes),
  store: Store,
  files: z.array(BackupFile).max(1_000_000),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Manifest = z.infer<typeof Manifest>

export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const file = await open(join(directory, MANIFEST_FILE), 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 1)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Reads a backup's manifest, or says in one sentence why the directory is no backup that this version restores. */
export async function readManifest(directory: string): Promise<Manifest> {
  const refuse = (what: string) => new GatewatchError('ERR_BACKUP', what)
  let text: string
  try {
    text = await readFile(join(directory, MANIFEST_FILE), 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw refuse(
      `${directory} is no whole backup (it has no ${MANIFEST_FILE}); give the directory that 'gatewatch backup' named when it was done.`,
    )
  }
  const json = parsed(text)
  const format: unknown =
    typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined
  if (typeof format === 'number' && format !== BACKUP_FORMAT)
    throw refuse(
      `The backup in ${directory} has format ${format} and this Gatewatch restores format ${BACKUP_FORMAT}; restore it with the Gatewatch that wrote it, or a newer one.`,
    )
  const manifest = Manifest.safeParse(json)
  if (!manifest.success)
    throw refuse(
      `The ${MANIFEST_FILE} of ${directory} is damaged; take another copy of this backup, or an older backup.`,
    )
  return manifest.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
