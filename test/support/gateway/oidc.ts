import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider, interactionPolicy } from 'oidc-provider'
import type { Configuration } from 'oidc-provider'
import { listenOn } from './gateway.ts'

export const STEP_UP_ACR = 'urn:gatewatch:acr:phishing-resistant'
export const AUDIENCE = 'urn:test:apps'

export interface TestProvider {
  readonly issuer: string
  /** Who signs in next, and whether they have a security key at hand. */
  readonly person: { id: string; groups: string[]; hasKey: boolean }
  stop(): Promise<void>
}

/**
 * A real OpenID provider (oidc-provider) whose sign-in page answers itself: as
 * `person`, with the step-up class when it is asked for and the person has a key.
 */
export async function startTestProvider(redirect_uris: string[]): Promise<TestProvider> {
  const person: TestProvider['person'] = { id: 'alice', groups: ['staff'], hasKey: true }
  const server = createServer()
  const port = await listenOn(server)
  const issuer = `http://localhost:${port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(
    new interactionPolicy.Check('step_up', 'a security key is asked for', (context) => {
      const { oidc } = context
      const wanted = wantsKey(oidc.params)
      // The person is asked once; without a key the provider goes on with what it got.
      const again = oidc.result?.login !== undefined
      return wanted && !again && oidc.acr !== STEP_UP_ACR
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT
    }),
  )
  const configuration: Configuration = {
    clients: [
      {
        client_id: 'gatewatch',
        client_secret: 'test-secret-of-the-client',
        redirect_uris,
        grant_types: ['authorization_code', 'client_credentials'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'test' }] },
    cookies: { keys: ['a-cookie-key-of-the-test'] },
    acrValues: [STEP_UP_ACR],
    claims: { openid: ['sub', 'groups'], acr: null, auth_time: null, amr: null },
    conformIdTokenClaims: false,
    interactions: { policy, url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
      },
    },
    async findAccount(_context, id) {
      return { accountId: id, claims: async () => ({ sub: id, groups: person.groups }) }
    },
    async loadExistingGrant(context) {
      const { oidc } = context
      const grant = new oidc.provider.Grant({
        clientId: oidc.client?.clientId,
        accountId: oidc.session?.accountId,
      })
      grant.addOIDCScope('openid')
      grant.addResourceScope(AUDIENCE, 'openid')
      await grant.save()
      return grant
    },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 600,
      Session: 3600,
      ClientCredentials: 3600,
    },
  }
  const provider = new Provider(issuer, configuration)
  const protocol = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) {
      void protocol(request, response)
      return
    }
    const finish = async () => {
      const { params } = await provider.interactionDetails(request, response)
      const strong = person.hasKey && wantsKey(params)
      await provider.interactionFinished(request, response, {
        login: {
          accountId: person.id,
          ...(strong ? { acr: STEP_UP_ACR, amr: ['hwk'] } : { amr: ['pwd'] }),
        },
      })
    }
    void finish()
  })
  return {
    issuer,
    person,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function wantsKey(params: Readonly<Record<string, unknown>> | undefined): boolean {
  const wanted = params?.['acr_values']
  return typeof wanted === 'string' && wanted.includes(STEP_UP_ACR)
}

/** A browser as far as signing in needs one: follows redirects, keeps cookies by host, asks for pages. */
export function testBrowser(resolve: (host: string) => string) {
  const jar = new Map<string, Map<string, string>>()

  async function visit(url: string, init: RequestInit & { follow?: boolean } = {}): Promise<Response> {
    let at = new URL(url)
    for (let hop = 0; hop < 12; hop += 1) {
      const cookies = [...(jar.get(at.host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
      const target = new URL(at)
      target.host = resolve(at.host)
      const headers = new Headers(init.headers)
      headers.set('accept', 'text/html')
      headers.set('host', at.host)
      if (cookies !== '') headers.set('cookie', cookies)
      const response = await rawFetch(target, headers, init.method ?? 'GET')
      for (const line of response.headers.getSetCookie()) keep(at.host, line)
      const location = response.headers.get('location')
      if (init.follow === false || location === null) return response
      at = new URL(location, at)
    }
    throw new Error('too many redirects')
  }

  function keep(host: string, line: string): void {
    const [pair = ''] = line.split(';')
    const cookies = jar.get(host) ?? new Map<string, string>()
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line) || value === '') cookies.delete(name)
    else cookies.set(name, value)
    jar.set(host, cookies)
  }

  return { visit, cookies: (host: string) => jar.get(host) ?? new Map<string, string>() }
}

/** `fetch` overwrites the Host header, which names the application here; undici's request keeps it. */
async function rawFetch(url: URL, headers: Headers, method: string): Promise<Response> {
  const { request } = await import('undici')
  const answer = await request(url, {
    method: method === 'POST' ? 'POST' : 'GET',
    headers: Object.fromEntries(headers),
  })
  const out = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) out.append(name, one)
  }
  const body = await answer.body.text()
  return new Response(answer.statusCode === 204 || answer.statusCode === 304 ? null : body, {
    status: answer.statusCode,
    headers: out,
  })
}
