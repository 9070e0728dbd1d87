import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zip } from './zip.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const STAMP = join(HERE, 'node_modules', '.of-lock')
const BUILD_MS = 120_000

/**
 * Installs what the build needs, as the lock says, where it is not installed
 * yet. Throws with what npm said, or where it takes longer than `limitMs`.
 */
export async function installTools(limitMs: number): Promise<void> {
  const lock = createHash('sha256')
    .update(readFileSync(join(HERE, 'package-lock.json')))
    .digest('hex')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return
  await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: HERE, timeout: limitMs })
  writeFileSync(STAMP, lock)
}

/** Builds the app with Grafana's tools, which must be installed; its files by their paths in `dist/`. */
export async function buildPlugin(): Promise<ReadonlyMap<string, Buffer>> {
  const webpack = join(HERE, 'node_modules', 'webpack-cli', 'bin', 'cli.js')
  const how = [
    '--disable-interpret',
    '--fail-on-warnings',
    '-c',
    './webpack.config.ts',
    '--env',
    'production',
  ]
  await run(process.execPath, [webpack, ...how], { cwd: HERE, timeout: BUILD_MS }).catch((error: unknown) => {
    throw new Error(`webpack: ${said(error)}`, { cause: error })
  })
  const dist = join(HERE, 'dist')
  const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort()
  return new Map(
    paths
      .filter((path) => statSync(join(dist, path)).isFile())
      .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(dist, path))]),
  )
}

/** The archive that Grafana takes: all in one folder with the app's id. */
export function archiveOf(files: ReadonlyMap<string, Uint8Array>): Buffer {
  return zip(new Map([...files].map(([path, bytes]) => [`gatewatch-app/${path}`, bytes])))
}

/** webpack tells what is wrong on its output, not as an error. */
function said(error: unknown): string {
  const output = error instanceof Object && 'stdout' in error ? error.stdout : error
  return String(output).slice(0, 4000)
}
