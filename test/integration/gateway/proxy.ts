import { connect } from 'node:net'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { HOST } from './wiki.ts'
import type { Wiki } from './wiki.ts'

export function proxySuite(wiki: Wiki): void {
  describe('proxy', () => {
    it('passes a permitted request on with the decision, without what the client claimed', async () => {
      const answer = await wiki.ask('/public//a/./b?q=1', {
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
      const seen = wiki.upstream.seen.at(-1)
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
      expect(await wiki.decisionOf(answer.headers)).toMatchObject({
        outcome: 'permit',
        subject: { type: 'anonymous' },
        resource: { id: '/public/a/b', path_template: '/public/**', sensitivity: 'low' },
        policy: { rule_id: 'public.all', route_id: 'public' },
        context: { ip: '127.0.0.1', http: { method: 'GET', path: '/public/a/b' } },
      })
    })

    it('drops what a Connection header names, and what it names can not be a header of ours', async () => {
      const socket = connect(wiki.gateway.proxy_port, '127.0.0.1')
      socket.write(
        `GET /public/hop HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close, x-drop-me, x-gatewatch-decision-id\r\nX-Drop-Me: 1\r\n\r\n`,
      )
      await new Promise((resolve) => socket.once('close', resolve).resume())
      const seen = wiki.upstream.seen.at(-1)
      expect(seen?.url).toBe('/public/hop')
      expect(seen?.headers['x-drop-me']).toBeUndefined()
      expect(seen?.headers['x-gatewatch-decision-id']).toBeDefined()
    })

    it('serves a request that offers another protocol as if it had not', async () => {
      const socket = connect(wiki.gateway.proxy_port, '127.0.0.1')
      socket.write(
        `GET /public/h2c HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
      )
      const answer = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      )
      socket.destroy()
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(wiki.upstream.seen.at(-1)?.headers.upgrade).toBeUndefined()
    })

    it('passes bodies on, whatever their type, chunked or not', async () => {
      for (const [type, body] of [
        ['application/json', '{"a": 1}'],
        ['text/plain', 'x'.repeat(100_000)],
        ['application/x-unknown', 'bytes'],
      ] as const) {
        const answer = await wiki.ask('/public/post', { 'content-type': type }, { method: 'POST', body })
        expect(answer.status).toBe(200)
        expect(wiki.upstream.seen.at(-1)).toMatchObject({ method: 'POST', body })
      }
    })

    it('records every refusal with as much as a permit, before it answers', async () => {
      const before = (await wiki.gateway.decisions()).length
      const noRoute = await request(`${wiki.gateway.origin}/`, { headers: { host: 'other.localhost' } })
      await noRoute.body.dump()
      expect(noRoute.statusCode).toBe(404)
      const malformed = await wiki.ask('/public/..%2fadmin')
      expect(malformed.status).toBe(400)
      const anonymous = await wiki.ask('/start')
      expect(anonymous.status).toBe(401)
      expect(anonymous.headers['www-authenticate']).toBe('Bearer')
      const decisions = await wiki.gateway.decisions()
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
      const before = (await wiki.gateway.decisions()).length
      const socket = connect(wiki.gateway.proxy_port, '127.0.0.1')
      socket.write('NONSENSE\r\n\r\n')
      const answer = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      )
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      socket.destroy()
      const decisions = await eventually('the decision', async () => {
        const all = await wiki.gateway.decisions()
        return all.length > before ? all : null
      })
      expect(decisions.at(-1)).toMatchObject({
        outcome: 'deny',
        reasons: ['request_malformed'],
        context: { http: { status: 400 } },
      })
    })

    it('says what to check when the application does not answer, and keeps the decision', async () => {
      const answer = await wiki.ask('/gone')
      expect(answer.status).toBe(502)
      expect(JSON.parse(answer.body)).toMatchObject({ reasons: ['upstream_unreachable'] })
      expect(answer.body).toContain('address in the policy')
      expect(await wiki.decisionOf(answer.headers)).toMatchObject({ outcome: 'permit' })
      expect((await wiki.ask('/reset', {}, {})).status).toBe(401)
    })
  })
}
