import { createServer } from 'node:http'
import { once } from 'node:events'
import { pino } from 'pino'
import { Agent } from 'undici'
import { expect, it } from 'vitest'
import { decodeJwt } from 'jose'
import { Browser } from '../../../services/demo/browser/browser.ts'
import { createAccounts } from '../../../services/demo/provider/accounts.ts'
import { STEP_UP_ACR } from '../../../services/demo/provider/acr.ts'
import type { SignIn } from '../../../services/demo/provider/sign-in.ts'
import { startProvider } from '../../../services/demo/provider/start-provider.ts'

const FROM = { ip: '198.18.1.10', user_agent: 'test' }
const VERIFIER = 'v'.repeat(43)
// Base64url of SHA-256 of the verifier, RFC 7636 section 4.2.
const CHALLENGE = Buffer.from(
  await crypto.subtle.digest('SHA-256', new TextEncoder().encode(VERIFIER)),
).toString('base64url')

it('signs people in by password, proves a step-up with the key, and reports every attempt', async ({
  onTestFinished,
}) => {
  const attempts: SignIn[] = []
  const client = createServer((_request, response) => response.end('back at the application')).listen(
    0,
    '127.0.0.1',
  )
  await once(client, 'listening')
  const address = client.address()
  const redirect_uri = `http://localhost:${typeof address === 'object' && address ? address.port : 0}/callback`
  const accounts = createAccounts([{ id: 'alice', groups: ['staff'] }], 'a secret of this test')
  const provider = await startProvider({
    port: 0,
    accounts,
    guest: 'alice',
    audience: 'urn:test',
    cookie_secret: 'cookie secret of this test',
    clients: [
      {
        client_id: 'app',
        client_secret: 'client secret of this test',
        redirect_uris: [redirect_uri],
        require_auth_time: true,
        id_token_signed_response_alg: 'ES256',
      },
    ],
    record: async (attempt) => {
      attempts.push(attempt)
    },
    logger: pino({ level: 'silent' }),
  })
  const dispatcher = new Agent({
    connect: { lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
  })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await provider.stop()
    client.close()
  })
  const authorize = (acr: string) =>
    `${provider.issuer}/auth?${new URLSearchParams({ client_id: 'app', response_type: 'code', scope: 'openid', redirect_uri, state: 's', nonce: 'n', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...(acr ? { acr_values: acr } : {}) }).toString()}`
  const claimsOf = async (url: string) => {
    const response = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('app:client+secret+of+this+test').toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(url).searchParams.get('code') ?? '',
        redirect_uri,
        code_verifier: VERIFIER,
      }),
    })
    const body: unknown = await response.json()
    if (typeof body !== 'object' || body === null || !('id_token' in body))
      throw new Error(JSON.stringify(body))
    return decodeJwt(String(body.id_token))
  }

  // given a wrong password, then there is no way past the form
  const thief = await new Browser({ dispatcher }).open(authorize(''), FROM, {
    signIn: { account: 'alice', password: 'Summer2026!', has_key: false },
  })
  expect([thief.status, new URL(thief.url).origin]).toEqual([401, provider.issuer])

  // when the password is right, then the application gets a token without the step-up's class
  const browser = new Browser({ dispatcher })
  const owner = { account: 'alice', password: accounts.passwordOf('alice'), has_key: true }
  const signedIn = await browser.open(authorize(''), FROM, { signIn: owner })
  expect(signedIn.body).toBe('back at the application')
  const claims = await claimsOf(signedIn.url)
  expect([claims.sub, claims['groups'], claims['acr']]).toEqual(['alice', ['staff'], undefined])

  // when a step-up is asked for, then the key decides, and no password is asked for again
  const withoutKey = await browser.open(authorize(STEP_UP_ACR), FROM, {
    signIn: { ...owner, has_key: false },
  })
  expect(withoutKey.body).toContain('Touch the simulated security key')
  const proved = await claimsOf((await browser.open(authorize(STEP_UP_ACR), FROM, { signIn: owner })).url)
  expect([proved['acr'], proved['amr']]).toEqual([STEP_UP_ACR, ['pwd', 'hwk']])

  expect(attempts.map(({ account, result, ip }) => [account, result, ip])).toEqual([
    ['alice', 'wrong', '198.18.1.10'],
    ['alice', 'ok', '198.18.1.10'],
  ])
})
