import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import type { Logger } from 'pino'
import { listenError } from '../../runtime/http/listen.ts'
import type { Running } from '../../runtime/runtime.ts'
import type { Accounts } from './accounts.ts'
import { providerConfiguration } from './configuration.ts'
import { interactions } from './interactions.ts'
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
  const { accounts } = options
  return {
    ...(await providerConfiguration({
      ...options,
      claimsOf: (id) => {
        const account = accounts.find(id)
        return account && { groups: [...account.groups], preferred_username: id }
      },
    })),
    renderError: async (context, out) => {
      context.type = 'html'
      context.body = (await import('./pages.ts')).messagePage(
        'This did not work',
        out.error_description ?? out.error,
      )
    },
  }
}
