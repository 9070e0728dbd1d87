import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSecret, readSecretFile } from '../../../services/runtime/secrets.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-secrets-'))
})
afterEach(() => rm(directory, { recursive: true }))

it('creates a secret once, readable by its owner only', async () => {
  const secret = await openSecret(directory, 'cookie')
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(await openSecret(directory, 'cookie')).toBe(secret)
  expect((await stat(join(directory, 'secrets', 'cookie'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(directory, 'secrets'))).mode & 0o777).toBe(0o700)
})

it('gives everybody who asks at once the same secret', async () => {
  const secrets = await Promise.all(Array.from({ length: 20 }, () => openSecret(directory, 'shared')))
  expect(new Set(secrets).size).toBe(1)
})

it('refuses a file that was cut off, and a name that leaves the directory', async () => {
  await openSecret(directory, 'cut')
  await writeFile(join(directory, 'secrets', 'cut'), 'abc')
  await expect(openSecret(directory, 'cut')).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  await expect(openSecret(directory, '../escape')).rejects.toThrow(TypeError)
})

it('reads a secret file without its line end, and never quotes it', async () => {
  const path = join(directory, 'password')
  await writeFile(path, 'hunter2 hunter2\n')
  expect(await readSecretFile(path, 'clickhouse.password_file')).toBe('hunter2 hunter2')
  await writeFile(path, ' \n')
  await expect(readSecretFile(path, 'clickhouse.password_file')).rejects.toThrow('clickhouse.password_file')
  expect(await readFile(path, 'utf8')).toBe(' \n')
})
