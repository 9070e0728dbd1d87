import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSpoolKeys } from '../../../../services/gateway/spool/keys.ts'
import { tempDir } from '../../../support/gateway/gateway.ts'

let dir: Awaited<ReturnType<typeof tempDir>>
beforeEach(async () => {
  dir = await tempDir()
})
afterEach(() => dir.release())

it('makes a key in the data directory at the first use, and finds it again', async () => {
  const first = await openSpoolKeys(dir.path, undefined)
  const again = await openSpoolKeys(dir.path, undefined)
  expect(again.current.id).toEqual(first.current.id)
  expect((await stat(join(dir.path, 'secrets', 'gateway-spool'))).mode & 0o777).toBe(0o600)
})

it('reads several keys from a file, the first for new segments', async () => {
  const path = join(dir.path, 'keys')
  await writeFile(path, `${'b'.repeat(44)}\n${'a'.repeat(44)}\n`)
  const both = await openSpoolKeys(dir.path, path)
  await writeFile(path, 'a'.repeat(44))
  const old = await openSpoolKeys(dir.path, path)
  expect(both.find(old.current.id)).toBeDefined()
  expect(both.current.id).not.toEqual(old.current.id)
  expect(old.find(both.current.id)).toBeUndefined()
})

it('refuses a key that is short, and a file that is not there', async () => {
  const path = join(dir.path, 'keys')
  await writeFile(path, 'short')
  await expect(openSpoolKeys(dir.path, path)).rejects.toThrow(/openssl rand -base64 32/)
  await expect(openSpoolKeys(dir.path, join(dir.path, 'none'))).rejects.toThrow(/gateway\.spool\.key_file/)
})
