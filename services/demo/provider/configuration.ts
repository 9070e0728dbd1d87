import { exportJWK, generateKeyPair } from 'jose'
import { interactionPolicy } from 'oidc-provider'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import { STEP_UP_ACR, asksForKey } from './acr.ts'
import { memoryAdapter } from './memory-adapter.ts'

export interface ProviderBasics {
  readonly clients: readonly ClientMetadata[]
  readonly cookie_secret: string
  /** Bearer tokens of services are made out to this. */
  readonly audience: string
  /** Claims of a person beside the id; undefined: nobody has it. */
  readonly claimsOf: (id: string) => Readonly<Record<string, unknown>> | undefined
}

const SCOPE = 'openid profile email'

/**
 * How a provider of a gateway is set up: authorization code flow with PKCE and
 * step-up, client credentials for services, groups in the ID token, a signing
 * key made anew at each start, and nobody asked for consent.
 */
export async function providerConfiguration(basics: ProviderBasics): Promise<Configuration> {
  const { audience, claimsOf } = basics
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return {
    adapter: memoryAdapter(),
    clients: [...basics.clients],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'es256' }] },
    cookies: { keys: [basics.cookie_secret] },
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
    interactions: {
      policy: policyWithStepUp(),
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: SCOPE,
          audience,
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
      },
    },
    async findAccount(_context, id) {
      const claims = claimsOf(id)
      return claims && { accountId: id, claims: async () => ({ sub: id, ...claims }) }
    },
    // The gateway is the company's own, so nobody is asked for consent.
    async loadExistingGrant(context) {
      const { oidc } = context
      const clientId = oidc.client?.clientId
      const accountId = oidc.session?.accountId
      if (clientId === undefined || accountId === undefined) return undefined
      const grant = new oidc.provider.Grant({ clientId, accountId })
      grant.addOIDCScope(SCOPE)
      grant.addResourceScope(audience, SCOPE)
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
  }
}

/** The library's own prompts, and one for the security key where the application asks for it. */
function policyWithStepUp(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(
    new interactionPolicy.Check('step_up', 'the application asks for a security key', ({ oidc }) => {
      // Asked once: whoever signs in without the key goes on without it, and the gateway judges what it gets.
      const answered = oidc.result?.login !== undefined
      return asksForKey(oidc.params) && !answered && oidc.acr !== STEP_UP_ACR
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}
