import { describe, expect, it } from 'vitest'
import { AUDIENCE } from '../../support/gateway/oidc.ts'
import type { Wiki } from './wiki.ts'

export function bearerTokensSuite(wiki: Wiki): void {
  describe('bearer tokens', () => {
    async function serviceToken(): Promise<string> {
      const response = await fetch(`${wiki.provider.issuer}/token`, {
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
      const answer = await wiki.ask('/x', { authorization: `Bearer ${await serviceToken()}` })
      expect(answer.status).toBe(200)
      expect(wiki.upstream.seen.at(-1)?.headers['authorization']).toBeUndefined()
      expect(wiki.upstream.seen.at(-1)?.headers['x-gatewatch-subject']).toBe('service:gatewatch')
      expect(await wiki.decisionOf(answer.headers)).toMatchObject({
        subject: { type: 'service', id: 'gatewatch' },
      })
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
        const answer = await wiki.ask('/x', { authorization: `Bearer ${token}` })
        expect(answer.status).toBe(401)
        expect(answer.headers['www-authenticate']).toContain('invalid_token')
        expect(await wiki.decisionOf(answer.headers)).toMatchObject({
          outcome: 'deny',
          reasons: ['token_invalid'],
          subject: { type: 'anonymous' },
        })
      }
    })
  })
}
