import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider, interactionPolicy } from 'oidc-provider'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import type { Logger } from 'pino'
import { listenError } from '../../runtime/http/listen.ts'
import type { Running } from '../../runtime/runtime.ts'
import { STEP_UP_ACR, asksForKey } from './acr.ts'
import type { Accounts } from './accounts.ts'
import { interactions } from './interactions.ts'
import { memoryAdapter } from './memory-adapter.ts'
import type { RecordSignIn } from './sign-in.ts'

export interface ProviderOptions {
  readonly port: number
  readonly accounts: Accounts
  /** The account that the sign-in page offers to visitors. */
  readonly guest: string
  readonly clients: readonly ClientMetadata[]
  readonly cookie_secret: string
  /** Bearer tokens of services are made out to this. */
  readonly audience: string
  readonly record: RecordSignIn
  readonly logger: Logger
}

export interface RunningProvider extends Running {
  readonly issuer: string
}

/** A real OpenID provider on loopback: authorization code flow with step-up, and client credentials for services. */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(listenError(error, { host: '127.0.0.1', port: options.port, setting: 'demo.provider_port' })),
    )
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const issuer = `http://localhost:${port}`

  const provider = new Provider(issuer, await configuration(options))
  provider.proxy = true
  provider.on('server_error', (_context, error) =>
    options.logger.error({ err: error }, 'the demo provider failed'),
  )
  const handleInteraction = interactions({ ...options, provider })
  const handleProtocol = provider.callback()
  server.on('request', (request, response) => {
    // The demo's people name their address in X-Forwarded-For; nothing else may set the provider's own URL.
    delete request.headers['x-forwarded-host']
    delete request.headers['x-forwarded-proto']
    handleInteraction(request, response).then(
      (handled) => (handled ? undefined : handleProtocol(request, response)),
      (error: unknown) => {
        options.logger.warn({ err: error }, 'a sign-in could not be finished')
        if (!response.headersSent) response.writeHead(500)
        response.end()
      },
    )
  })
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function configuration(options: ProviderOptions): Promise<Configuration> {
  const { accounts, audience } = options
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(
    new interactionPolicy.Check('step_up', 'the application asks for a security key', (context) => {
      const { oidc } = context
      return asksForKey(oidc.params) && oidc.acr !== STEP_UP_ACR
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT
    }),
  )
  return {
    adapter: memoryAdapter(),
    clients: [...options.clients],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'demo' }] },
    cookies: { keys: [options.cookie_secret] },
    acrValues: [STEP_UP_ACR],
    claims: {
      openid: ['sub', 'groups', 'amr'],
      profile: ['preferred_username'],
      acr: null,
      auth_time: null,
      amr: null,
    },
    // The gateway reads groups from the ID token, and so needs no second request a sign-in.
    conformIdTokenClaims: false,
    interactions: { policy, url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid profile email',
          audience,
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
      },
    },
    async findAccount(_context, id) {
      const account = accounts.find(id)
      if (!account) return undefined
      return {
        accountId: id,
        claims: async () => ({ sub: id, groups: [...account.groups], preferred_username: id }),
      }
    },
    // The gateway is the company's own, so nobody is asked for consent.
    async loadExistingGrant(context) {
      const { oidc } = context
      const clientId = oidc.client?.clientId
      const accountId = oidc.session?.accountId
      if (clientId === undefined || accountId === undefined) return undefined
      const grant = new oidc.provider.Grant({ clientId, accountId })
      grant.addOIDCScope('openid profile email')
      grant.addResourceScope(audience, 'openid profile email')
      await grant.save()
      return grant
    },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      Session: 86_400,
      ClientCredentials: 3600,
    },
    renderError: async (context, out) => {
      context.type = 'html'
      context.body = (await import('./pages.ts')).messagePage(
        'This did not work',
        out.error_description ?? out.error,
      )
    },
  }
}
