import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import { eventually } from '../support/eventually.ts'
import { startTestGateway, startUpstream, tempDir } from '../support/gateway/gateway.ts'
import type { TestGateway } from '../support/gateway/gateway.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import { startTestProvider } from '../support/gateway/oidc.ts'
import { testBrowser } from '../support/gateway/test-browser.ts'

const HOST = 'wiki.localhost'
const secret = randomBytes(32).toString('base64')

describe.each(logDrivers())('two gateways with one session secret on the $name log', ({ skip, ...log }) => {
  it.skipIf(skip)(
    'whoever signs out at one is signed out at the other, and what is open there is cut; others stay',
    async () => {
      const driver = await log.open()
      onTestFinished(() => driver.close())
      const upstream = await startUpstream()
      onTestFinished(() => upstream.stop())
      const provider = await startTestProvider([`http://${HOST}/.gatewatch/callback`])
      onTestFinished(() => provider.stop())
      const start = async (pep_id: string): Promise<TestGateway> => {
        const dir = await tempDir()
        onTestFinished(dir.release)
        await mkdir(join(dir.path, 'secrets'), { mode: 0o700 })
        await writeFile(join(dir.path, 'secrets', 'gateway-session'), secret)
        const client_secret_file = join(dir.path, 'client-secret')
        await writeFile(client_secret_file, 'test-secret-of-the-client')
        const eventLog = await driver.open()
        onTestFinished(() => eventLog.close())
        const policy = `version: 1
policy: test
routes:
  - id: wiki
    host: ${HOST}
    path: /**
    upstream: ${upstream.url}
    app: wiki
    sensitivity: high
    rules: [{ id: staff, when: '"staff" in subject.groups', outcome: permit }]`
        const gateway = await startTestGateway(dir.path, eventLog, policy, {
          pep_id,
          oidc: { issuer: provider.issuer, client_id: 'gatewatch', client_secret_file, scopes: ['openid'] },
        })
        onTestFinished(() => gateway.stop())
        return gateway
      }
      const here = await start('here')
      const there = await start('there')

      const signIn = async (id: string): Promise<string> => {
        Object.assign(provider.person, { id, groups: ['staff'] })
        const person = testBrowser((host) =>
          host === HOST ? `127.0.0.1:${here.proxy_port}` : host.replace('localhost', '127.0.0.1'),
        )
        expect((await person.visit(`http://${HOST}/start`)).status).toBe(200)
        return [...person.cookies(HOST)].map(([name, value]) => `${name}=${value}`).join('; ')
      }
      const ask = async (
        gateway: TestGateway,
        cookie: string,
        path = '/',
        method: 'GET' | 'POST' = 'GET',
      ) => {
        const headers = { host: HOST, cookie, origin: `http://${HOST}` }
        const answer = await request(`${gateway.origin}${path}`, { method, headers })
        await answer.body.dump()
        return answer.statusCode
      }

      const bob = await signIn('bob')
      const alice = await signIn('alice')
      expect(await ask(there, bob)).toBe(200)
      const open = new WebSocket(`ws://127.0.0.1:${there.proxy_port}/ws`, {
        headers: { host: HOST, cookie: bob },
      })
      open.on('error', () => {})
      await new Promise((resolve) => open.once('open', resolve))

      expect(await ask(here, bob, '/.gatewatch/logout', 'POST')).toBe(200)
      expect(await ask(here, bob)).toBe(401)
      await eventually('the sign-out is known there', async () => (await ask(there, bob)) === 401)
      await eventually('the end of what is open', () => open.readyState === WebSocket.CLOSED)
      const refused = (await there.decisions()).filter(({ reasons }) => reasons?.includes('session_revoked'))
      expect(refused.some(({ pep }) => pep?.id === 'there')).toBe(true)
      expect(await Promise.all([ask(here, alice), ask(there, alice)])).toEqual([200, 200])
    },
  )
})
