import { connect } from 'node:net'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import type { TestGateway, Upstream } from '../support/gateway/gateway.ts'
import { startGatewayWithProvider } from '../support/gateway/gateway-with-provider.ts'
import type { GatewayWithProvider } from '../support/gateway/gateway-with-provider.ts'
import { AUDIENCE, STEP_UP_ACR } from '../support/gateway/oidc.ts'
import type { TestProvider } from '../support/gateway/oidc.ts'

const HOST = 'wiki.localhost'

let house: GatewayWithProvider
let upstream: Upstream
let provider: TestProvider
let gateway: TestGateway

function policyOf(url: string): string {
  return `version: 1
policy: test
contact: security@example.com
break_glass: ['user:root']
routes:
  - id: public
    host: ${HOST}
    path: /public/**
    upstream: ${url}
    app: wiki
    public: true
    sensitivity: low
    rules: [{ id: all, when: 'true', outcome: permit }]
  - id: wiki
    host: ${HOST}
    path: /**
    upstream: ${url}
    app: wiki
    enforcement: enforce
    rules: [{ id: staff, when: '"staff" in subject.groups || subject.type == "service"', outcome: permit }]
  - id: observed
    host: ${HOST}
    path: /observed
    upstream: ${url}
    app: wiki
    rules: [{ id: staff, when: '"staff" in subject.groups', outcome: permit }]
  - id: admin
    host: ${HOST}
    path: /admin
    upstream: ${url}
    app: wiki
    sensitivity: high
    enforcement: enforce
    rules: [{ id: staff, when: '"staff" in subject.groups', outcome: step_up }]
  - id: secret
    host: ${HOST}
    path: /secret
    upstream: ${url}
    app: wiki
    rules: [{ id: directors, when: '"directors" in subject.groups', outcome: permit }]
  - id: gone
    host: ${HOST}
    path: /gone
    upstream: http://127.0.0.1:9
    app: wiki
    public: true
    rules: [{ id: all, when: 'true', outcome: permit }]
  - id: record
    host: records.localhost
    path: /records/{id}
    methods: [GET]
    upstream: ${url}
    app: records
    resource_type: record
    action: read
    enforcement: enforce
    rules:
      - { id: own, when: 'resource.vars.id == subject.id', outcome: permit }
      - { id: strong, when: '"staff" in subject.groups', outcome: step_up }
`
}

beforeAll(async () => {
  house = await startGatewayWithProvider({
    host: HOST,
    policy: policyOf,
    partitions: 4,
    oidc: { audience: AUDIENCE },
  })
  ;({ upstream, provider, gateway } = house)
})

afterAll(() => house?.stop())

async function ask(
  path: string,
  headers: Record<string, string> = {},
  more: { method?: 'GET' | 'POST'; body?: string } = {},
) {
  const answer = await request(`${gateway.origin}${path}`, { ...more, headers: { host: HOST, ...headers } })
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() }
}

async function decisionOf(headers: { 'x-gatewatch-decision-id'?: unknown } | Headers) {
  const id =
    headers instanceof Headers ? headers.get('x-gatewatch-decision-id') : headers['x-gatewatch-decision-id']
  const found = (await gateway.decisions()).find((decision) => decision.id === id)
  if (!found) throw new Error(`no decision ${String(id)}`)
  return found
}

const signIn = (id: string, groups = ['staff']) => house.signIn(id, groups)

describe('proxy', () => {
  it('passes a permitted request on with the decision, without what the client claimed', async () => {
    const answer = await ask('/public//a/./b?q=1', {
      'x-gatewatch-subject': 'user:root',
      X_Gatewatch_Subject: 'user:root',
      'x-forwarded-for': '198.51.100.1',
      forwarded: 'for=198.51.100.1',
      'x-auth-request-user': 'root',
      remote_user: 'root',
      'x-http-method-override': 'DELETE',
      'x-keep-me': '1',
      cookie: 'theirs=1; gatewatch_access=stolen; gatewatch_login_x=y',
    })
    expect(answer.status).toBe(200)
    const seen = upstream.seen.at(-1)
    expect(seen?.url).toBe('/public/a/b?q=1')
    expect(seen?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': HOST,
      'x-forwarded-proto': 'http',
      'x-keep-me': '1',
      cookie: 'theirs=1',
      'x-gatewatch-decision-id': answer.headers['x-gatewatch-decision-id'],
      'x-gatewatch-risk-level': 'LOW',
    })
    for (const name of [
      'x-gatewatch-subject',
      'x_gatewatch_subject',
      'forwarded',
      'x-auth-request-user',
      'remote_user',
      'x-http-method-override',
    ]) {
      expect(seen?.headers[name]).toBeUndefined()
    }
    expect(answer.headers['set-cookie']).toBe('app=1; Path=/')
    expect(answer.headers['x-secret-hop']).toBeUndefined()
    expect(await decisionOf(answer.headers)).toMatchObject({
      outcome: 'permit',
      subject: { type: 'anonymous' },
      resource: { id: '/public/a/b', path_template: '/public/**', sensitivity: 'low' },
      policy: { rule_id: 'public.all', route_id: 'public' },
      context: { ip: '127.0.0.1', http: { method: 'GET', path: '/public/a/b' } },
    })
  })

  it('drops what a Connection header names, and what it names can not be a header of ours', async () => {
    const socket = connect(gateway.proxy_port, '127.0.0.1')
    socket.write(
      `GET /public/hop HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close, x-drop-me, x-gatewatch-decision-id\r\nX-Drop-Me: 1\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('close', resolve).resume())
    const seen = upstream.seen.at(-1)
    expect(seen?.url).toBe('/public/hop')
    expect(seen?.headers['x-drop-me']).toBeUndefined()
    expect(seen?.headers['x-gatewatch-decision-id']).toBeDefined()
  })

  it('serves a request that offers another protocol as if it had not', async () => {
    const socket = connect(gateway.proxy_port, '127.0.0.1')
    socket.write(
      `GET /public/h2c HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
    )
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    )
    socket.destroy()
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.seen.at(-1)?.headers.upgrade).toBeUndefined()
  })

  it('passes bodies on, whatever their type, chunked or not', async () => {
    for (const [type, body] of [
      ['application/json', '{"a": 1}'],
      ['text/plain', 'x'.repeat(100_000)],
      ['application/x-unknown', 'bytes'],
    ] as const) {
      const answer = await ask('/public/post', { 'content-type': type }, { method: 'POST', body })
      expect(answer.status).toBe(200)
      expect(upstream.seen.at(-1)).toMatchObject({ method: 'POST', body })
    }
  })

  it('records every refusal with as much as a permit, before it answers', async () => {
    const before = (await gateway.decisions()).length
    const noRoute = await request(`${gateway.origin}/`, { headers: { host: 'other.localhost' } })
    await noRoute.body.dump()
    expect(noRoute.statusCode).toBe(404)
    const malformed = await ask('/public/..%2fadmin')
    expect(malformed.status).toBe(400)
    const anonymous = await ask('/start')
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers['www-authenticate']).toBe('Bearer')
    const decisions = await gateway.decisions()
    expect(decisions.length).toBe(before + 3)
    expect(decisions.slice(before).map(({ outcome, reasons }) => [outcome, reasons])).toEqual([
      ['deny', ['no_route']],
      ['deny', ['request_malformed']],
      ['deny', ['not_authenticated']],
    ])
    expect(decisions.at(-1)).toMatchObject({
      subject: { type: 'anonymous' },
      context: { ip: '127.0.0.1', http: { host: HOST, path: '/start', status: 401 } },
      policy: { route_id: 'wiki', inputs: { 'subject.type': 'anonymous' } },
    })
  })

  it('records what is no HTTP at all', async () => {
    const before = (await gateway.decisions()).length
    const socket = connect(gateway.proxy_port, '127.0.0.1')
    socket.write('NONSENSE\r\n\r\n')
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
    const decisions = await eventually('the decision', async () => {
      const all = await gateway.decisions()
      return all.length > before ? all : null
    })
    expect(decisions.at(-1)).toMatchObject({
      outcome: 'deny',
      reasons: ['request_malformed'],
      context: { http: { status: 400 } },
    })
  })

  it('says what to check when the application does not answer, and keeps the decision', async () => {
    const answer = await ask('/gone')
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body)).toMatchObject({ reasons: ['upstream_unreachable'] })
    expect(answer.body).toContain('address in the policy')
    expect(await decisionOf(answer.headers)).toMatchObject({ outcome: 'permit' })
    expect((await ask('/reset', {}, {})).status).toBe(401)
  })
})

describe('signing in', () => {
  it('brings a browser back to where it wanted to go, as who it is', async () => {
    Object.assign(provider.person, { id: 'alice', groups: ['staff', 'a,b'], hasKey: true })
    const alice = house.browser()
    const page = await alice.visit(`http://${HOST}/pages/1?x=%20y`)
    expect(page.status).toBe(200)
    expect(upstream.seen.at(-1)).toMatchObject({
      url: '/pages/1?x=%20y',
      headers: { 'x-gatewatch-subject': 'user:alice', 'x-gatewatch-groups': 'staff,a%2Cb' },
    })
    expect(upstream.seen.at(-1)?.headers.cookie ?? '').not.toContain('gatewatch_access')
    const decision = await decisionOf(page.headers)
    expect(decision).toMatchObject({
      outcome: 'permit',
      subject: { type: 'user', id: 'alice', groups: ['staff', 'a,b'], idp: provider.issuer },
    })
    expect(decision.subject.session_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(decision.subject.authenticated_at).toBeDefined()
  })

  it('shows a refused person a page with the decision, whom to ask, and no markup of theirs', async () => {
    const { person } = await signIn('<b>mallory</b>')
    const page = await person.visit(`http://${HOST}/secret`)
    expect(page.status).toBe(403)
    const body = await page.text()
    const decision = await decisionOf(page.headers)
    expect(decision).toMatchObject({ outcome: 'deny', reasons: ['no_rule_matched'] })
    expect(body).toContain(decision.id)
    expect(body).toContain(`#/decisions/${decision.id}`)
    expect(body).toContain('mailto:security@example.com')
    expect(body).not.toContain('<b>mallory')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('steps up by policy: the browser comes back with a security key', async () => {
    const { person } = await signIn('carol')
    const first = await person.visit(`http://${HOST}/admin`, { follow: false })
    expect(first.status).toBe(302)
    expect(new URL(first.headers.get('location') ?? '').searchParams.get('acr_values')).toBe(STEP_UP_ACR)
    const page = await person.visit(`http://${HOST}/admin`)
    expect(page.status).toBe(200)
    expect(await decisionOf(page.headers)).toMatchObject({
      outcome: 'permit',
      subject: { id: 'carol', acr: STEP_UP_ACR },
    })
  })

  it('does not send a person round in circles when the provider can not step up', async () => {
    const { person } = await signIn('dave')
    provider.person.hasKey = false
    const page = await person.visit(`http://${HOST}/admin`)
    expect(page.status).toBe(403)
    expect(await page.text()).toContain('stronger sign-in')
  })

  it('challenges a program as RFC 9470 says', async () => {
    const { cookie } = await signIn('erin')
    const answer = await ask('/admin', { cookie, accept: 'application/json' })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_user_authentication", error_description="A stronger or more recent sign-in is needed", acr_values="${STEP_UP_ACR}"`,
    )
    expect(JSON.parse(answer.body)).toMatchObject({ outcome: 'step_up', acr_values: STEP_UP_ACR })
  })

  it('refuses a callback that was not begun in this browser', async () => {
    const answer = await house
      .browser()
      .visit(`http://${HOST}/.gatewatch/callback?code=x&state=${'s'.repeat(20)}`)
    expect(answer.status).toBe(400)
  })

  it('signs out for good: the cookie no longer counts, and a link alone signs nobody out', async () => {
    const { person, cookie } = await signIn('frank')
    expect(
      (await ask('/.gatewatch/logout', { cookie, origin: 'http://evil.example' }, { method: 'POST' })).status,
    ).toBe(403)
    expect((await ask('/x', { cookie })).status).toBe(200)
    await person.visit(`http://${HOST}/.gatewatch/logout`)
    expect((await ask('/x', { cookie })).status).toBe(200)
    const out = await ask('/.gatewatch/logout', { cookie, origin: `http://${HOST}` }, { method: 'POST' })
    expect(out.status).toBe(200)
    const after = await ask('/x', { cookie })
    expect(after.status).toBe(401)
    expect((await decisionOf(after.headers)).reasons).toEqual(['session_revoked'])
  })

  it('takes no cookie that was changed, and none of another host', async () => {
    const { cookie } = await signIn('grace')
    // In the middle of the sealed value, far from the ends, where every bit counts.
    const [name, value = ''] = cookie.split(/=(.*)/s)
    const middle = Math.floor(value.length / 2)
    const other = value[middle] === 'A' ? 'B' : 'A'
    const changed = `${name}=${value.slice(0, middle)}${other}${value.slice(middle + 1)}`
    expect((await decisionOf((await ask('/x', { cookie: changed })).headers)).reasons).toEqual([
      'session_expired',
    ])
    const elsewhere = await request(`${gateway.origin}/records/grace`, {
      headers: { host: 'records.localhost', cookie },
    })
    await elsewhere.body.dump()
    expect(elsewhere.statusCode).toBe(401)
  })
})

describe('bearer tokens', () => {
  async function serviceToken(): Promise<string> {
    const response = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('gatewatch:test-secret-of-the-client').toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE }),
    })
    const { access_token } = (await response.json()) as { access_token: string }
    return access_token
  }

  it('names the service that acts, and keeps its token from the application', async () => {
    const answer = await ask('/x', { authorization: `Bearer ${await serviceToken()}` })
    expect(answer.status).toBe(200)
    expect(upstream.seen.at(-1)?.headers['authorization']).toBeUndefined()
    expect(upstream.seen.at(-1)?.headers['x-gatewatch-subject']).toBe('service:gatewatch')
    expect(await decisionOf(answer.headers)).toMatchObject({ subject: { type: 'service', id: 'gatewatch' } })
  })

  it('refuses every other token, with the reason, as anonymous', async () => {
    const good = await serviceToken()
    const [header = '', payload = '', signature = ''] = good.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const bad = [
      'x',
      `${header}.${encode({ ...claims, sub: 'root' })}.${signature}`,
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'HS256' })}.${payload}.${signature}`,
      'a'.repeat(9000),
    ]
    for (const token of bad) {
      const answer = await ask('/x', { authorization: `Bearer ${token}` })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toContain('invalid_token')
      expect(await decisionOf(answer.headers)).toMatchObject({
        outcome: 'deny',
        reasons: ['token_invalid'],
        subject: { type: 'anonymous' },
      })
    }
  })
})

describe('risk', () => {
  it('changes the very next request: step-up when HIGH, and a key signs the person in again', async () => {
    const { person, cookie } = await signIn('heidi')
    expect((await ask('/x', { cookie })).status).toBe(200)
    await gateway.setRisk({ type: 'subject', id: 'user:heidi' })
    const next = await ask('/x', { cookie })
    expect(next.status).toBe(401)
    expect(await decisionOf(next.headers)).toMatchObject({
      outcome: 'step_up',
      reasons: ['risk_high'],
      caused_by: 'risk_feedback',
      risk_at_decision: { score: 90, level: 'HIGH', revision: 1 },
    })
    const observed = await ask('/observed', { cookie })
    expect(observed.status).toBe(200)
    const seen = await decisionOf(observed.headers)
    expect(seen).toMatchObject({ outcome: 'permit', would_be: 'step_up' })
    expect(seen.caused_by).toBeUndefined()
    const again = await person.visit(`http://${HOST}/x`)
    expect(again.status).toBe(200)
    expect(await decisionOf(again.headers)).toMatchObject({
      outcome: 'permit',
      subject: { acr: STEP_UP_ACR },
    })
  })

  it('revokes at once and cuts what is live, WebSockets and streams, of that person only', async ({
    annotate,
  }) => {
    const ivan = await signIn('ivan')
    const judy = await signIn('judy')
    const open = async (cookie: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.proxy_port}/ws`, {
        headers: { host: HOST, cookie },
      })
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('open', resolve))
      socket.send('hello')
      await new Promise((resolve) => socket.once('message', resolve))
      return socket
    }
    const his = await open(ivan.cookie)
    const hers = await open(judy.cookie)
    const stream = await request(`${gateway.origin}/stream`, { headers: { host: HOST, cookie: ivan.cookie } })
    const streamEnded = stream.body.dump({ limit: 1e9 }).then(
      () => performance.now(),
      () => performance.now(),
    )
    const closed = new Promise<number>((resolve) => his.once('close', () => resolve(performance.now())))
    const at = performance.now()
    await gateway.setRisk(
      { type: 'subject', id: 'user:ivan' },
      { required_action: 'revoke', revoked_before: new Date().toISOString() },
    )
    const cutAfter = (await closed) - at
    const streamCutAfter = (await streamEnded) - at
    await annotate(
      `WebSocket cut after ${cutAfter.toFixed(1)} ms, stream after ${streamCutAfter.toFixed(1)} ms`,
    )
    expect(cutAfter).toBeLessThan(500)
    expect(streamCutAfter).toBeLessThan(500)
    expect(hers.readyState).toBe(WebSocket.OPEN)
    const cuts = await eventually('the cuts on record', async () => {
      const found = (await gateway.decisions()).filter(
        ({ subject, outcome }) => subject.id === 'ivan' && outcome === 'revoke',
      )
      return found.length === 2 ? found : null
    })
    expect(cuts[0]).toMatchObject({
      reasons: ['risk_revoke'],
      caused_by: 'risk_feedback',
      policy: { route_id: 'wiki' },
    })
    const next = await ask('/observed', { cookie: ivan.cookie })
    expect(next.status).toBe(401)
    expect(await decisionOf(next.headers)).toMatchObject({
      outcome: 'revoke',
      reasons: ['risk_revoke'],
      caused_by: 'risk_feedback',
    })
    expect((await ask('/x', { cookie: judy.cookie })).status).toBe(200)
    hers.close()
    await eventually('all sockets closed', () => upstream.sockets.open === 0)
    // A WebSocket that is asked for now is refused and recorded as well.
    const refused = new WebSocket(`ws://127.0.0.1:${gateway.proxy_port}/ws`, {
      headers: { host: HOST, cookie: ivan.cookie },
    })
    const status = await new Promise((resolve) => {
      refused.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      refused.on('error', () => {})
    })
    expect(status).toBe(401)
  })

  it('lets a new sign-in after the revocation in, under the rule of its level', async () => {
    const { person } = await signIn('karl')
    await gateway.setRisk(
      { type: 'subject', id: 'user:karl' },
      {
        required_action: 'revoke',
        revoked_before: new Date(Date.now() - 1000).toISOString(),
        level: 'LOW',
        restricted_since: null,
      },
    )
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const again = await person.visit(`http://${HOST}/.gatewatch/login?fresh=1&to=%2Fx`)
    expect(again.status).toBe(200)
  })

  it('refuses a WebSocket that another site opens with the person’s cookie', async () => {
    const { cookie } = await signIn('laura')
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.proxy_port}/ws`, {
      headers: { host: HOST, cookie, origin: 'http://evil.example' },
    })
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('error', () => {})
    })
    expect(status).toBe(403)
  })
})

describe('AuthZEN', () => {
  const alice = { type: 'user', id: 'alice', properties: { groups: ['staff'] } }

  async function evaluate(body: unknown, path = 'evaluation', headers: Record<string, string> = {}) {
    const token = await gateway.tokens.create({ name: 'pep', scopes: ['decision-point'] })
    const response = await fetch(`${gateway.decisionPoint}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, never>,
    }
  }

  it('answers, records, and echoes the request id; a deny is an answer', async () => {
    const question = {
      subject: alice,
      action: { name: 'read' },
      resource: { type: 'record', id: 'alice' },
      context: { ip: '192.0.2.9' },
    }
    const permit = await evaluate(question, 'evaluation', { 'x-request-id': 'r-1' })
    expect(permit.status).toBe(200)
    expect(permit.headers.get('x-request-id')).toBe('r-1')
    expect(permit.body).toMatchObject({
      decision: true,
      context: { outcome: 'permit', rule_id: 'record.own' },
    })
    const other = await evaluate({ ...question, resource: { type: 'record', id: 'bob' } })
    expect(other.status).toBe(200)
    expect(other.body).toMatchObject({
      decision: false,
      context: { outcome: 'step_up', reasons: ['step_up_required'], acr_values: STEP_UP_ACR },
    })
    const unknown = await evaluate({ ...question, resource: { type: 'rocket', id: '1' } })
    expect(unknown.body).toMatchObject({ decision: false, context: { reasons: ['no_route'] } })
    const { decision_id } = permit.body['context'] as unknown as { decision_id: string }
    const decisions = await gateway.decisions()
    expect(decisions.find(({ id }) => id === decision_id)).toMatchObject({
      outcome: 'permit',
      subject: { id: 'alice' },
      resource: { type: 'record', id: 'alice', app: 'records' },
      action: { name: 'read' },
      context: { ip: '192.0.2.9' },
      unmapped: { asked_by: 'pep' },
    })
  })

  it('answers several at once, with defaults and short circuits', async () => {
    const body = {
      subject: alice,
      action: { name: 'read' },
      evaluations: [
        { resource: { type: 'record', id: 'alice' } },
        { resource: { type: 'record', id: 'bob' } },
        { resource: { type: 'record' } },
      ],
    }
    const all = await evaluate(body, 'evaluations')
    expect(all.body).toMatchObject({
      evaluations: [
        { decision: true },
        { decision: false },
        { decision: false, context: { error: { status: 400 } } },
      ],
    })
    const first = await evaluate(
      { ...body, options: { evaluations_semantic: 'permit_on_first_permit' } },
      'evaluations',
    )
    expect(first.body['evaluations']).toHaveLength(1)
    const single = await evaluate(
      { subject: alice, action: { name: 'read' }, resource: { type: 'record', id: 'alice' } },
      'evaluations',
    )
    expect(single.body).toMatchObject({ decision: true })
  })

  it.each([
    [{}, 'subject'],
    [
      { subject: { type: 'user' }, action: { name: 'read' }, resource: { type: 'record', id: '1' } },
      'subject.id',
    ],
    [{ subject: alice, action: {}, resource: { type: 'record', id: '1' } }, 'action.name'],
    [{ subject: alice, action: { name: 'read' }, resource: { type: 'record' } }, 'resource.id'],
  ])('says what is wrong with a question: %j', async (body, at) => {
    const answer = await evaluate(body)
    expect(answer.status).toBe(400)
    expect(answer.body['message']).toContain(at)
  })

  it('answers nobody without a token for it, and tells its metadata to all', async () => {
    const bare = await fetch(`${gateway.decisionPoint}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(bare.status).toBe(401)
    const analyst = await gateway.tokens.create({ name: 'a', scopes: ['analyst'] })
    expect((await evaluate({}, 'evaluation', { authorization: `Bearer ${analyst}` })).status).toBe(403)
    const metadata = await fetch(`${gateway.decisionPoint}/.well-known/authzen-configuration`)
    expect(await metadata.json()).toEqual({
      policy_decision_point: gateway.decisionPoint,
      access_evaluation_endpoint: `${gateway.decisionPoint}/access/v1/evaluation`,
      access_evaluations_endpoint: `${gateway.decisionPoint}/access/v1/evaluations`,
    })
  })
})

it('has numbered and chained every decision of this file, without a gap', async () => {
  const decisions = await gateway.decisions()
  expect(decisions.length).toBeGreaterThan(40)
  expect(verifyChain(decisions)).toEqual({ boots: 1, links: decisions.length, problems: [] })
})
