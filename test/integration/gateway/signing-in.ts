import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { STEP_UP_ACR } from '../../../services/demo/provider/acr.ts'
import { HOST } from './wiki.ts'
import type { Wiki } from './wiki.ts'

export function signingInSuite(wiki: Wiki): void {
  describe('signing in', () => {
    it('brings a browser back to where it wanted to go, as who it is', async () => {
      Object.assign(wiki.provider.person, { id: 'alice', groups: ['staff', 'a,b'], hasKey: true })
      const alice = wiki.browser()
      const page = await alice.visit(`http://${HOST}/pages/1?x=%20y`)
      expect(page.status).toBe(200)
      expect(wiki.upstream.seen.at(-1)).toMatchObject({
        url: '/pages/1?x=%20y',
        headers: { 'x-gatewatch-subject': 'user:alice', 'x-gatewatch-groups': 'staff,a%2Cb' },
      })
      expect(wiki.upstream.seen.at(-1)?.headers.cookie ?? '').not.toContain('gatewatch_access')
      const decision = await wiki.decisionOf(page.headers)
      expect(decision).toMatchObject({
        outcome: 'permit',
        subject: { type: 'user', id: 'alice', groups: ['staff', 'a,b'], idp: wiki.provider.issuer },
      })
      expect(decision.subject.session_id).toMatch(/^[0-9a-f-]{36}$/)
      expect(decision.subject.authenticated_at).toBeDefined()
    })

    it('shows a refused person a page with the decision, whom to ask, and no markup of theirs', async () => {
      const { person } = await wiki.signIn('<b>mallory</b>')
      const page = await person.visit(`http://${HOST}/secret`)
      expect(page.status).toBe(403)
      const body = await page.text()
      const decision = await wiki.decisionOf(page.headers)
      expect(decision).toMatchObject({ outcome: 'deny', reasons: ['no_rule_matched'] })
      expect(body).toContain(decision.id)
      expect(body).toContain(`#/decisions/${decision.id}`)
      expect(body).toContain('mailto:security@example.com')
      expect(body).not.toContain('<b>mallory')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    })

    it('steps up by policy: the browser comes back with a security key', async () => {
      const { person } = await wiki.signIn('carol')
      const first = await person.visit(`http://${HOST}/admin`, { follow: false })
      expect(first.status).toBe(302)
      expect(new URL(first.headers.get('location') ?? '').searchParams.get('acr_values')).toBe(STEP_UP_ACR)
      const page = await person.visit(`http://${HOST}/admin`)
      expect(page.status).toBe(200)
      expect(await wiki.decisionOf(page.headers)).toMatchObject({
        outcome: 'permit',
        subject: { id: 'carol', acr: STEP_UP_ACR },
      })
    })

    it('does not send a person round in circles when the provider can not step up', async () => {
      const { person } = await wiki.signIn('dave')
      wiki.provider.person.hasKey = false
      const page = await person.visit(`http://${HOST}/admin`)
      expect(page.status).toBe(403)
      expect(await page.text()).toContain('stronger sign-in')
    })

    it('challenges a program as RFC 9470 says', async () => {
      const { cookie } = await wiki.signIn('erin')
      const answer = await wiki.ask('/admin', { cookie, accept: 'application/json' })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer error="insufficient_user_authentication", error_description="A stronger or more recent sign-in is needed", acr_values="${STEP_UP_ACR}"`,
      )
      expect(JSON.parse(answer.body)).toMatchObject({ outcome: 'step_up', acr_values: STEP_UP_ACR })
    })

    it('refuses a callback that was not begun in this browser', async () => {
      const answer = await wiki
        .browser()
        .visit(`http://${HOST}/.gatewatch/callback?code=x&state=${'s'.repeat(20)}`)
      expect(answer.status).toBe(400)
    })

    it('signs out for good: the cookie no longer counts, and a link alone signs nobody out', async () => {
      const { person, cookie } = await wiki.signIn('frank')
      expect(
        (await wiki.ask('/.gatewatch/logout', { cookie, origin: 'http://evil.example' }, { method: 'POST' }))
          .status,
      ).toBe(403)
      expect((await wiki.ask('/x', { cookie })).status).toBe(200)
      await person.visit(`http://${HOST}/.gatewatch/logout`)
      expect((await wiki.ask('/x', { cookie })).status).toBe(200)
      const out = await wiki.ask(
        '/.gatewatch/logout',
        { cookie, origin: `http://${HOST}` },
        { method: 'POST' },
      )
      expect(out.status).toBe(200)
      const after = await wiki.ask('/x', { cookie })
      expect(after.status).toBe(401)
      expect((await wiki.decisionOf(after.headers)).reasons).toEqual(['session_revoked'])
    })

    it('takes no cookie that was changed, and none of another host', async () => {
      const { cookie } = await wiki.signIn('grace')
      // In the middle of the sealed value, far from the ends, where every bit counts.
      const [name, value = ''] = cookie.split(/=(.*)/s)
      const middle = Math.floor(value.length / 2)
      const other = value[middle] === 'A' ? 'B' : 'A'
      const changed = `${name}=${value.slice(0, middle)}${other}${value.slice(middle + 1)}`
      expect((await wiki.decisionOf((await wiki.ask('/x', { cookie: changed })).headers)).reasons).toEqual([
        'session_expired',
      ])
      const elsewhere = await request(`${wiki.gateway.origin}/records/grace`, {
        headers: { host: 'records.localhost', cookie },
      })
      await elsewhere.body.dump()
      expect(elsewhere.statusCode).toBe(401)
    })
  })
}
