import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import type { Decision } from '../../schemas/decision.ts'
import { eventually } from '../support/eventually.ts'
import type { TestGateway, Upstream } from '../support/gateway/gateway.ts'
import { startGatewayWithProvider } from '../support/gateway/gateway-with-provider.ts'
import type { GatewayWithProvider } from '../support/gateway/gateway-with-provider.ts'

const HOST = 'wiki.localhost'
const REJUDGE = '300ms'

let house: GatewayWithProvider
let upstream: Upstream
let gateway: TestGateway

/** `admitted` is whom the wiki lets in; `/calm` only notes what risk would change. */
function policyOf(admitted: string, url: string): string {
  const route = (id: string, path: string, enforcement: string) => `
  - id: ${id}
    host: ${HOST}
    path: ${path}
    upstream: ${url}
    app: wiki
    sensitivity: high
    enforcement: ${enforcement}
    rules: [{ id: staff, when: '${admitted}', outcome: permit }]`
  return `version: 1\npolicy: test\nroutes:${route('calm', '/calm', 'observe')}${route('wiki', '/**', 'enforce')}\n`
}

beforeAll(async () => {
  house = await startGatewayWithProvider({
    host: HOST,
    policy: (url) => policyOf('"staff" in subject.groups', url),
    config: { limits: { rejudge: REJUDGE } },
  })
  ;({ upstream, gateway } = house)
})

afterAll(() => house?.stop())

const signIn = (id: string) => house.signIn(id, ['staff', id])

async function open(cookie: string, path = '/ws'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.proxy_port}${path}`, {
    headers: { host: HOST, cookie },
  })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('open', resolve))
  return socket
}

const isClosed = (socket: WebSocket) => eventually('the end', () => socket.readyState === WebSocket.CLOSED)

/** The decision that ended what somebody had open; the cut comes first, its record a moment later. */
function endOf(is: (decision: Decision) => boolean): Promise<Decision> {
  return eventually('the end on record', async () => {
    const ends = (await gateway.decisions()).filter(
      (decision) => decision.outcome !== 'permit' && decision.resource.id === '/ws' && is(decision),
    )
    expect(ends.length).toBeLessThanOrEqual(1)
    return ends[0]
  })
}

describe('a connection that stays open', () => {
  it('is cut when risk no longer lets its owner in, where risk is enforced; others stay', async () => {
    const mallory = await signIn('mallory')
    const alice = await signIn('alice')
    const [his, observed, hers] = [
      await open(mallory.cookie),
      await open(mallory.cookie, '/calm'),
      await open(alice.cookie),
    ]
    await gateway.setRisk({ type: 'subject', id: 'user:mallory' })
    await isClosed(his)
    expect(await endOf(({ subject }) => subject.id === 'mallory')).toMatchObject({
      outcome: 'deny',
      reasons: ['risk_high'],
      caused_by: 'risk_feedback',
      policy: { route_id: 'wiki' },
      context: { http: { path: '/ws' } },
    })
    expect([observed.readyState, hers.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN])
    for (const socket of [observed, hers]) socket.close()
  })

  it('is cut when its session has ended, without a word from anybody', async () => {
    const bob = await signIn('bob')
    const alice = await signIn('alice')
    const [his, hers] = [await open(bob.cookie), await open(alice.cookie)]
    const out = await request(`${gateway.origin}/.gatewatch/logout`, {
      method: 'POST',
      headers: { host: HOST, cookie: bob.cookie, origin: `http://${HOST}` },
    })
    await out.body.dump()
    await isClosed(his)
    const ended = await endOf(({ reasons }) => reasons?.includes('session_revoked') ?? false)
    expect(ended.outcome).toBe('deny')
    expect(hers.readyState).toBe(WebSocket.OPEN)
    hers.close()
  })

  it('is cut when the policy in force no longer lets its owner in', async () => {
    const [carol, alice] = [await signIn('carol'), await signIn('alice')]
    const [hers, kept] = [await open(carol.cookie), await open(alice.cookie)]
    await writeFile(join(house.path, 'policy.yaml'), policyOf('"alice" in subject.groups', upstream.url))
    await isClosed(hers)
    expect(await endOf(({ subject }) => subject.id === 'carol')).toMatchObject({
      outcome: 'deny',
      policy: { route_id: 'wiki' },
    })
    expect(kept.readyState).toBe(WebSocket.OPEN)
    kept.close()
  })
})
