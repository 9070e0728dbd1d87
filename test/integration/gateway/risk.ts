import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { STEP_UP_ACR } from '../../../services/demo/provider/acr.ts'
import { eventually } from '../../support/eventually.ts'
import { HOST } from './wiki.ts'
import type { Wiki } from './wiki.ts'

export function riskSuite(wiki: Wiki): void {
  describe('risk', () => {
    it('changes the very next request: step-up when HIGH, and a key signs the person in again', async () => {
      const { person, cookie } = await wiki.signIn('heidi')
      expect((await wiki.ask('/x', { cookie })).status).toBe(200)
      await wiki.gateway.setRisk({ type: 'subject', id: 'user:heidi' })
      const next = await wiki.ask('/x', { cookie })
      expect(next.status).toBe(401)
      expect(await wiki.decisionOf(next.headers)).toMatchObject({
        outcome: 'step_up',
        reasons: ['risk_high'],
        caused_by: 'risk_feedback',
        risk_at_decision: { score: 90, level: 'HIGH', revision: 1 },
      })
      const observed = await wiki.ask('/observed', { cookie })
      expect(observed.status).toBe(200)
      const seen = await wiki.decisionOf(observed.headers)
      expect(seen).toMatchObject({ outcome: 'permit', would_be: 'step_up' })
      expect(seen.caused_by).toBeUndefined()
      const again = await person.visit(`http://${HOST}/x`)
      expect(again.status).toBe(200)
      expect(await wiki.decisionOf(again.headers)).toMatchObject({
        outcome: 'permit',
        subject: { acr: STEP_UP_ACR },
      })
    })

    it('revokes at once and cuts what is live, WebSockets and streams, of that person only', async ({
      annotate,
    }) => {
      const ivan = await wiki.signIn('ivan')
      const judy = await wiki.signIn('judy')
      const open = async (cookie: string) => {
        const socket = new WebSocket(`ws://127.0.0.1:${wiki.gateway.proxy_port}/ws`, {
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
      const stream = await request(`${wiki.gateway.origin}/stream`, {
        headers: { host: HOST, cookie: ivan.cookie },
      })
      const streamEnded = stream.body.dump({ limit: 1e9 }).then(
        () => performance.now(),
        () => performance.now(),
      )
      const closed = new Promise<number>((resolve) => his.once('close', () => resolve(performance.now())))
      const at = performance.now()
      await wiki.gateway.setRisk(
        { type: 'subject', id: 'user:ivan' },
        { required_action: 'revoke', revoked_before: new Date().toISOString() },
      )
      const cutAfter = (await closed) - at
      const streamCutAfter = (await streamEnded) - at
      // Nothing else cuts here: all that is open is judged again in an hour.
      await annotate(
        `WebSocket cut after ${cutAfter.toFixed(1)} ms, stream after ${streamCutAfter.toFixed(1)} ms`,
      )
      expect(hers.readyState).toBe(WebSocket.OPEN)
      const cuts = await eventually('the cuts on record', async () => {
        const found = (await wiki.gateway.decisions()).filter(
          ({ subject, outcome }) => subject.id === 'ivan' && outcome === 'revoke',
        )
        return found.length === 2 ? found : null
      })
      expect(cuts[0]).toMatchObject({
        reasons: ['risk_revoke'],
        caused_by: 'risk_feedback',
        policy: { route_id: 'wiki' },
      })
      const next = await wiki.ask('/observed', { cookie: ivan.cookie })
      expect(next.status).toBe(401)
      expect(await wiki.decisionOf(next.headers)).toMatchObject({
        outcome: 'revoke',
        reasons: ['risk_revoke'],
        caused_by: 'risk_feedback',
      })
      expect((await wiki.ask('/x', { cookie: judy.cookie })).status).toBe(200)
      hers.close()
      await eventually('all sockets closed', () => wiki.upstream.sockets.open === 0)
      // A WebSocket that is asked for now is refused and recorded as well.
      const refused = new WebSocket(`ws://127.0.0.1:${wiki.gateway.proxy_port}/ws`, {
        headers: { host: HOST, cookie: ivan.cookie },
      })
      const status = await new Promise((resolve) => {
        refused.once('unexpected-response', (_request, response) => resolve(response.statusCode))
        refused.on('error', () => {})
      })
      expect(status).toBe(401)
    })

    it('lets a new sign-in after the revocation in, under the rule of its level', async () => {
      const { person } = await wiki.signIn('karl')
      await wiki.gateway.setRisk(
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
      const { cookie } = await wiki.signIn('laura')
      const socket = new WebSocket(`ws://127.0.0.1:${wiki.gateway.proxy_port}/ws`, {
        headers: { host: HOST, cookie, origin: 'http://evil.example' },
      })
      const status = await new Promise((resolve) => {
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
        socket.on('error', () => {})
      })
      expect(status).toBe(403)
    })
  })
}
