import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewatchError } from './errors.ts'

/**
 * Reads the secret `name` of a data directory, and creates it at random the
 * first time (`secrets/<name>`, mode 0600, base64url). Two processes that ask
 * at the same moment get the same one: the file appears whole or not at all.
 */
export async function openSecret(dataDir: string, name: string, bytes = 32): Promise<string> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) throw new TypeError(`${name} is no name for a secret`)
  const directory = join(dataDir, 'secrets')
  const path = join(directory, name)
  const existing = await readIfThere(path)
  if (existing !== null) return checked(existing, path)

  await mkdir(directory, { recursive: true, mode: 0o700 })
  const mine = await writeBeside(path, randomBytes(bytes).toString('base64url'))
  try {
    // A link fails where a name exists, so the first of two creators wins and both read its secret.
    await link(mine, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(mine, { force: true })
  }
  return checked(await readFile(path, 'utf8'), path)
}

/** Puts `secret` in the place of the one that is there. The old one is gone then; who holds it in memory goes on with it. */
export async function replaceSecret(dataDir: string, name: string, secret: string): Promise<void> {
  const path = join(dataDir, 'secrets', name)
  await rename(await writeBeside(path, secret), path)
}

async function writeBeside(path: string, secret: string): Promise<string> {
  const mine = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const file = await open(mine, 'wx', 0o600)
  try {
    await file.writeFile(`${secret}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return mine
}

/** Reads a secret that a setting `…_file` names; surrounding white space doesn't count. */
export async function readSecretFile(path: string, setting: string): Promise<string> {
  const text = await readIfThere(path)
  if (text === null || text.trim() === '')
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The file that ${setting} names is missing, unreadable or empty; write the secret there or correct ${setting}.`,
    )
  return text.trim()
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function checked(text: string, path: string): string {
  const secret = text.trim()
  if (secret.length < 16)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The secret in ${path} is too short to be one; delete the file, and the next start creates another.`,
    )
  return secret
}
