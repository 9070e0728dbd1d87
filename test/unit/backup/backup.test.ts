import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dataFiles } from '../../../services/backup/data-files.ts'
import { MANIFEST_FILE, readManifest } from '../../../services/backup/manifest.ts'
import { restoreBackup } from '../../../services/backup/restore-backup.ts'
import { openKey, verifyBackup } from '../../../services/backup/verify-backup.ts'
import { checkedDestination } from '../../../services/backup/store-copy.ts'
import { takeBackup } from '../../../services/backup/take-backup.ts'
import { openDataDir } from '../../../services/runtime/data-dir.ts'

const KEY = 'a key that is kept elsewhere'
const untold = () => {}

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-backup-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A backup of two files, without log and store. */
async function backup(fails = false): Promise<{ root: string; to: string }> {
  const root = await place()
  const to = join(root, 'backup')
  const from = join(root, 'secret')
  await writeFile(from, 'the secret of the sessions')
  const taken = takeBackup({
    to,
    key: KEY,
    gatewatch_version: '0.1.0',
    now: () => Date.UTC(2026, 0, 2),
    told: untold,
    done: () => Promise.resolve(),
    async copy(_id, seal) {
      await seal([
        { path: 'data/secrets/gateway-session', from },
        { path: 'data/tokens/gone.json', from: join(root, 'gone') },
      ])
      if (fails) throw new Error('the disk went away')
      const store = { kind: 'embedded', version: '26.7', rows: {} } as const
      return { topics: {}, committed: {}, pieces: [{ path: 'log/log.mdb', from }], log: 'embedded', store }
    },
  })
  await (fails ? taken.catch(() => {}) : taken)
  return { root, to }
}

const restoreTo = async (to: string, dataDir: string, key = KEY): Promise<void> => {
  const manifest = await readManifest(to)
  await restoreBackup({
    directory: to,
    manifest,
    key: openKey(manifest, key),
    dataDir,
    logger: pino({ level: 'silent' }),
    now: Date.now,
    told: untold,
    kafka: null,
    server: null,
    finish: () => Promise.resolve(),
  })
}

describe('a backup', () => {
  it('is proved by its checksums without a key, and by opening it with one; what went meanwhile is not in it', async () => {
    const { to } = await backup()
    const manifest = await readManifest(to)
    expect(manifest.files.map(({ path }) => path)).toEqual(['data/secrets/gateway-session', 'log/log.mdb'])
    await verifyBackup(to, manifest, null, untold)
    await verifyBackup(to, manifest, openKey(manifest, KEY), untold)
    for (const { path } of manifest.files)
      expect((await readFile(join(to, path))).includes('the secret')).toBe(false)
  })

  it('that fails leaves nothing that looks like one', async () => {
    const { to } = await backup(true)
    expect(await readdir(to)).toEqual([])
  })

  it('goes only where nothing is', async () => {
    const { to } = await backup()
    const again = () =>
      takeBackup({
        to,
        key: KEY,
        gatewatch_version: '0',
        now: Date.now,
        told: untold,
        copy: () => Promise.reject(new Error('never')),
        done: () => Promise.resolve(),
      })
    await expect(again()).rejects.toThrow(/holds a backup already/)
    await rm(join(to, MANIFEST_FILE))
    await expect(again()).rejects.toThrow(/remains of a backup that was cut off/)
  })

  it('takes the files of the data directory, but no lock, no log, no store, and no directory of another', async () => {
    const dataDir = await openDataDir(join(await place(), 'data'))
    for (const path of [
      'log/log.mdb',
      'clickhouse/x',
      'demo/version',
      'demo/secrets/a',
      'tokens/a.json',
      'gateway/pep.mark',
      'gateway/spool/1',
      'tokens/b.json.new',
    ]) {
      await mkdir(join(dataDir, path, '..'), { recursive: true })
      await writeFile(join(dataDir, path), 'x')
    }
    await writeFile(join(dataDir, 'lock.mdb'), 'x')
    expect(await dataFiles(dataDir)).toEqual([
      'gateway/pep.mark',
      'gateway/spool/1',
      'tokens/a.json',
      'version',
    ])
  })
})

describe('a restore is refused', () => {
  it('of a directory that is no whole backup', async () => {
    const { root, to } = await backup()
    await rm(join(to, MANIFEST_FILE))
    await expect(restoreTo(to, join(root, 'data'))).rejects.toThrow(/is no whole backup/)
  })

  it('of a newer format', async () => {
    const { root, to } = await backup()
    const path = join(to, MANIFEST_FILE)
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...manifest, format: 2, and_more: true }))
    await expect(restoreTo(to, join(root, 'data'))).rejects.toThrow(
      /has format 2 and this Gatewatch restores format 1; restore it with/,
    )
  })

  it.each([
    ['taken_at', '2027-01-01T00:00:00.000Z'],
    ['committed', { 'storage/access.scored.v1/0': 7 }],
  ])('of a manifest whose %s was altered', async (field, value) => {
    const { root, to } = await backup()
    const path = join(to, MANIFEST_FILE)
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), [field]: value }))
    await expect(restoreTo(to, join(root, 'data'))).rejects.toThrow(/manifest was altered/)
  })

  it.each(['data/../../../etc/passwd', '/etc/passwd', 'data//x', 'elsewhere/x'])(
    'of a manifest that names %s',
    async (path) => {
      const { root, to } = await backup()
      const file = join(to, MANIFEST_FILE)
      const manifest = JSON.parse(await readFile(file, 'utf8'))
      manifest.files[0].path = path
      await writeFile(file, JSON.stringify(manifest))
      await expect(restoreTo(to, join(root, 'data'))).rejects.toThrow(/is damaged/)
    },
  )

  it('with another key', async () => {
    const { root, to } = await backup()
    await expect(restoreTo(to, join(root, 'data'), 'another key altogether')).rejects.toThrow(
      /key file does not fit/,
    )
  })

  it('into a data directory that is not empty', async () => {
    const { root, to } = await backup()
    await expect(restoreTo(to, root)).rejects.toThrow(/is not empty; set data_dir/)
  })

  it.each(['data/secrets/gateway-session', 'log/log.mdb'])(
    'of a backup whose %s is damaged or missing, and what is half there is never started on',
    async (file) => {
      const { root, to } = await backup()
      const manifest = await readManifest(to)
      const bytes = await readFile(join(to, file))
      bytes[3] = (bytes[3] ?? 0) ^ 1
      await writeFile(join(to, file), bytes)
      await expect(verifyBackup(to, manifest, null, untold)).rejects.toThrow(
        `The file ${file} of the backup is damaged`,
      )
      const dataDir = join(root, 'data')
      await expect(restoreTo(to, dataDir)).rejects.toThrow(/is damaged; take another copy/)
      await expect(openDataDir(dataDir)).rejects.toThrow(/holds half of a backup/)
      await expect(restoreTo(to, dataDir)).rejects.toThrow(/a restore was cut off; delete what is in it/)
      await rm(join(to, file))
      await expect(verifyBackup(to, manifest, null, untold)).rejects.toThrow(`lacks its file ${file}`)
    },
  )
})

it.each([["Disk('backups', 'monday')"], ["S3('https://s3.example/x', 'key', 'it\\'s')"]])(
  'a destination of the store may be %s',
  (text) => {
    expect(checkedDestination(text)).toBe(text)
  },
)

it.each([["File('x') SETTINGS y = 1"], ["Memory('x')"], ["Disk('a', (SELECT 1))"]])(
  'a destination of the store is one function of literals, not %s',
  (text) => {
    expect(() => checkedDestination(text)).toThrow(/--store-to/)
  },
)
