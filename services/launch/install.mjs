import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './node.mjs'

/**
 * Installs dependencies when they are missing or older than the lock file, so
 * that `npm start` and `npm test` work as the first command in a fresh clone.
 */
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log(
    'Installing dependencies: about 1.2 GB once (database engine 540 MB, geo data 190 MB, Node 24 190 MB) …',
  )
  // Install scripts stay off: every native part comes prebuilt inside its package. Not `npm ci`: it refuses a
  // lock file that lacks the native parts of other platforms, and a registry that serves only some of them
  // leaves those out. `install --no-save` takes the same versions from the lock file and writes nothing back.
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--progress=true',
    '--include=dev',
    '--include=optional',
  ]
  const { status } = spawnSync('npm', args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(
      "Installing failed; is the package registry reachable, and is there 2 GB of disk? Try 'npm install --no-save --ignore-scripts'.",
    )
    process.exit(status ?? 1)
  }
}
