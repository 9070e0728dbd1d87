import cliProgress from 'cli-progress'
import type { Manifest } from '../../backup/manifest.ts'
import type { Phase, Told } from '../../backup/take-backup.ts'
import type { CliIo } from '../io.ts'

const NAMES: Readonly<Record<Phase, string>> = {
  store: 'copying the store',
  log: 'copying the log  ',
  sealing: 'sealing          ',
  checking: 'checking         ',
  restoring: 'restoring        ',
}

/** Progress for a person who watches: on a terminal only. */
export function backupBar(out: CliIo['stderr']): { readonly told: Told; stop(): void } {
  if (out.isTTY !== true) return { told() {}, stop() {} }
  let bar: cliProgress.SingleBar | null = null
  let phase: Phase | null = null
  const stop = (): void => {
    bar?.stop()
    bar = null
    phase = null
  }
  return {
    told(now, done, total) {
      if (phase !== now) {
        stop()
        bar = new cliProgress.SingleBar({
          format: `${NAMES[now]} {bar} {percentage}%  {note}`,
          stream: process.stderr,
          hideCursor: true,
          clearOnComplete: true,
          fps: 10,
        })
        bar.start(Math.max(1, total), 0, { note: '' })
        phase = now
      }
      bar?.setTotal(Math.max(1, total))
      bar?.update(done, { note: `${mib(done)} of ${mib(total)}` })
    },
    stop,
  }
}

/** The backup in a few lines, or as one line of JSON: counts and sizes, no name of a person. */
export function tellBackup(
  io: CliIo,
  directory: string,
  manifest: Manifest,
  ms: number,
  json: boolean,
): void {
  const facts = { directory, ...factsOf(manifest), seconds: seconds(ms) }
  if (json) {
    io.stdout.write(`${JSON.stringify(facts)}\n`)
    return
  }
  io.stdout.write(
    `backup ${manifest.id} in ${directory}: ${facts.files} files, ${mib(facts.bytes)}, as of ${manifest.taken_at}, in ${facts.seconds} s\n`,
  )
}

export function tellRestore(
  io: CliIo,
  done: {
    readonly what: 'intact' | 'restorable' | 'restored'
    readonly manifest: Manifest
    readonly dataDir: string
    readonly ms: number
    readonly erased_again: number
    /** Somebody said where erasures since are written down. */
    readonly told: boolean
  },
  json: boolean,
): void {
  const { what, manifest, dataDir, ms, erased_again, told } = done
  const facts = {
    result: what,
    ...(what === 'restored' && { data_dir: dataDir, erased_again }),
    ...factsOf(manifest),
    seconds: seconds(ms),
  }
  if (json) {
    io.stdout.write(`${JSON.stringify(facts)}\n`)
    return
  }
  const size = `${facts.files} files, ${mib(facts.bytes)}, as of ${manifest.taken_at}`
  if (what === 'intact')
    io.stdout.write(
      `every checksum of backup ${manifest.id} is right (${size}); give --key-file to prove that it opens\n`,
    )
  else if (what === 'restorable') io.stdout.write(`backup ${manifest.id} can be restored (${size})\n`)
  else
    io.stdout.write(
      `backup ${manifest.id} is restored to ${dataDir} (${size}), in ${facts.seconds} s.\n` +
        `What happened after ${manifest.taken_at} is not in it: revoke again what was revoked since (tokens, devices),\n` +
        `and start it only when the old one is stopped for good.\n` +
        (erased_again === 0 ? '' : `Erased again, since the backup brought them back: ${erased_again}.\n`) +
        (told
          ? ''
          : `Whoever was erased after it is in it again: nobody said (--erasures, erasure.directory) who.\n`),
    )
}

function factsOf(manifest: Manifest) {
  const { id, gatewatch_version, taken_at, log, store, topics } = manifest
  let records = 0
  for (const marks of Object.values(topics)) for (const { low, high } of marks) records += high - low
  return {
    id,
    gatewatch_version,
    taken_at,
    log,
    store: store.kind,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    records,
    rows: store.kind === 'none' ? 0 : Object.values(store.rows).reduce((sum, rows) => sum + rows, 0),
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
