import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTokens } from '../../../services/runtime/tokens.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-tokens-'))
})
afterEach(() => rm(directory, { recursive: true }))

it('verifies what it created, and keeps no text of it', async () => {
  const tokens = await openTokens(directory)
  const text = await tokens.create({ name: 'on-call', scopes: ['analyst', 'risk-feed'] })
  expect(tokens.verify(text)).toEqual({ name: 'on-call', scopes: ['analyst', 'risk-feed'] })
  const [file = ''] = await readdir(join(directory, 'tokens'))
  const path = join(directory, 'tokens', file)
  expect(await readFile(path, 'utf8')).not.toContain(text.slice(-20))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it('refuses what is no token, another token, and a path in disguise', async () => {
  const tokens = await openTokens(directory)
  const text = await tokens.create({ name: 'a', scopes: ['admin'] })
  const last = text.endsWith('A') ? 'B' : 'A'
  for (const wrong of [
    '',
    'gw_',
    `${text} `,
    text.slice(0, -1) + last,
    text.slice(0, -1),
    `gw_../../../../etc/pas_${'a'.repeat(43)}`,
  ])
    expect(tokens.verify(wrong)).toBeNull()
})

it('refuses a token after its time', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const tokens = await openTokens(directory, () => now)
  const text = await tokens.create({ name: 'a', scopes: ['analyst'], ttl_days: 1 })
  now += 86_399_999
  expect(tokens.verify(text)).not.toBeNull()
  now += 1
  expect(tokens.verify(text)).toBeNull()
})

it('honours what another process creates and revokes, at the next request', async () => {
  const server = await openTokens(directory)
  const commandLine = await openTokens(directory)
  const text = await commandLine.create({ name: 'a', scopes: ['analyst'] })
  expect(server.verify(text)).not.toBeNull()
  const [token] = await commandLine.list()
  expect(await commandLine.revoke(token?.id ?? '')).toBe(true)
  expect(server.verify(text)).toBeNull()
  expect(await commandLine.revoke(token?.id ?? '')).toBe(false)
  expect(await commandLine.revoke('../secrets/x')).toBe(false)
})

it('takes a damaged file for no token', async () => {
  const tokens = await openTokens(directory)
  const text = await tokens.create({ name: 'a', scopes: ['analyst'] })
  const [file = ''] = await readdir(join(directory, 'tokens'))
  await writeFile(join(directory, 'tokens', file), '{"id":')
  expect(tokens.verify(text)).toBeNull()
  expect(await tokens.list()).toEqual([])
})
