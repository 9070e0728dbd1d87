import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { STEP_UP_ACR, asksForKey } from '../../../services/demo/provider/acr.ts'
import { providerConfiguration } from '../../../services/demo/provider/configuration.ts'
import { listenOn } from './gateway.ts'

export const AUDIENCE = 'urn:test:apps'

export interface TestProvider {
  readonly issuer: string
  /** Who signs in next, and whether they have a security key at hand. */
  readonly person: { id: string; groups: string[]; hasKey: boolean }
  stop(): Promise<void>
}

/**
 * A real OpenID provider, set up as the demo's, whose sign-in page answers itself: as
 * `person`, with the step-up class when it is asked for and the person has a key.
 */
export async function startTestProvider(redirect_uris: string[]): Promise<TestProvider> {
  const person: TestProvider['person'] = { id: 'alice', groups: ['staff'], hasKey: true }
  const server = createServer()
  const port = await listenOn(server)
  const issuer = `http://localhost:${port}`
  const configuration = await providerConfiguration({
    clients: [
      {
        client_id: 'gatewatch',
        client_secret: 'test-secret-of-the-client',
        redirect_uris,
        grant_types: ['authorization_code', 'client_credentials'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookie_secret: 'a-cookie-key-of-the-test',
    audience: AUDIENCE,
    claimsOf: () => ({ groups: person.groups }),
  })
  const provider = new Provider(issuer, configuration)
  const protocol = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) {
      void protocol(request, response)
      return
    }
    const finish = async () => {
      const { params } = await provider.interactionDetails(request, response)
      const strong = person.hasKey && asksForKey(params)
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
