import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate, holderOf } from '../../../../services/runtime/http/authenticate.ts'
import { buildServer } from '../../../../services/runtime/http/server.ts'
import { sessionRoutes } from '../../../../services/runtime/http/session.ts'
import { openTokens } from '../../../../services/runtime/tokens.ts'
import type { Tokens } from '../../../../services/runtime/tokens.ts'

let directory: string
let tokens: Tokens
let app: FastifyInstance

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-http-'))
  tokens = await openTokens(directory)
  app = buildServer({ logger: pino({ level: 'silent' }) })
  await app.register(sessionRoutes(tokens))
  const preHandler = authenticate(tokens, 'analyst')
  app.get('/secret', { preHandler }, async (request) => holderOf(request))
  app.post('/act', { preHandler }, async () => ({ done: true }))
})
afterEach(async () => {
  await app.close()
  await rm(directory, { recursive: true })
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('authenticate', () => {
  it('lets a token with the scope, or an admin, pass', async () => {
    for (const scopes of [['analyst'], ['admin']] as const) {
      const token = await tokens.create({ name: 'alice', scopes })
      const response = await app.inject({ url: '/secret', headers: bearer(token) })
      expect([response.statusCode, response.json()]).toEqual([200, { name: 'alice', scopes: [...scopes] }])
    }
  })

  it('answers 401 with a challenge to nobody and to a wrong token, 403 to a scope that does not fit', async () => {
    const none = await app.inject({ url: '/secret' })
    expect([none.statusCode, none.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    const wrong = await app.inject({ url: '/secret', headers: bearer('gw_1') })
    expect([wrong.statusCode, wrong.headers['www-authenticate']]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
    const feed = await tokens.create({ name: 'feed', scopes: ['risk-feed'] })
    const narrow = await app.inject({ url: '/secret', headers: bearer(feed) })
    expect([narrow.statusCode, narrow.json().code]).toEqual([403, 'ERR_SCOPE_MISSING'])
  })

  it('logs a browser in with a cookie that scripts and other sites can not use', async () => {
    const token = await tokens.create({ name: 'alice', scopes: ['analyst'] })
    const login = await app.inject({ method: 'POST', url: '/api/v1/session', payload: { token } })
    const set = String(login.headers['set-cookie'])
    expect(set).toMatch(/; HttpOnly; SameSite=Strict; /)
    const cookie = set.split(';')[0] ?? ''
    expect((await app.inject({ url: '/secret', headers: { cookie } })).statusCode).toBe(200)
    const statusOf = async (headers: Record<string, string>) =>
      (await app.inject({ method: 'POST', url: '/act', headers: { cookie, ...headers } })).statusCode
    expect(await statusOf({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await statusOf({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await statusOf({ origin: 'http://wiki.localhost:8080', host: 'localhost:8090' })).toBe(403)
    expect(await statusOf({ origin: 'http://localhost:8090', host: 'localhost:8090' })).toBe(200)
    expect(await statusOf({})).toBe(403)
  })

  it('gives no cookie for a token that is not for people', async () => {
    const token = await tokens.create({ name: 'feed', scopes: ['risk-feed'] })
    const login = await app.inject({ method: 'POST', url: '/api/v1/session', payload: { token } })
    expect([login.statusCode, login.headers['set-cookie']]).toEqual([401, undefined])
  })
})
