import { createRemoteJWKSet } from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import * as client from 'openid-client'
import type { Logger } from 'pino'
import { readSecretFile } from '../../runtime/secrets.ts'
import type { OidcConfig } from '../config.ts'
import type { BearerOptions } from './bearer.ts'

/** After a failed discovery the provider is left alone this long. */
const RETRY_AFTER_MS = 2000

/** An OpenID provider that is looked up when first needed, so that a gateway starts without it. */
export interface Provider {
  readonly bearer: BearerOptions
  /** The provider's metadata; null while it does not answer. */
  ready(): Promise<client.Configuration | null>
}

export async function openProvider(config: OidcConfig, logger: Logger): Promise<Provider> {
  const secret =
    config.client_secret_file === undefined
      ? undefined
      : await readSecretFile(config.client_secret_file, 'gateway.oidc.client_secret_file')
  const issuer = new URL(config.issuer)
  const insecure = issuer.protocol === 'http:'
  if (insecure && !['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname)) {
    logger.warn(
      { issuer: config.issuer },
      'the identity provider is reached without TLS; anybody on the way can sign in as anybody',
    )
  }
  let found: client.Configuration | null = null
  let keys: JWTVerifyGetKey | null = null
  let looking: Promise<client.Configuration | null> | null = null
  let failedAt = -Infinity

  async function discover(): Promise<client.Configuration | null> {
    try {
      const configuration = await client.discovery(
        issuer,
        config.client_id,
        undefined,
        secret === undefined ? client.None() : client.ClientSecretBasic(secret),
        {
          timeout: Math.ceil(config.timeout / 1000),
          // Plain HTTP is for a provider on this machine; the warning above says what it means elsewhere.
          ...(insecure ? { execute: [client.allowInsecureRequests] } : {}),
        },
      )
      const { jwks_uri } = configuration.serverMetadata()
      if (jwks_uri !== undefined) {
        keys = createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: config.timeout })
      }
      found = configuration
      logger.info({ issuer: config.issuer }, 'the identity provider answers')
      return configuration
    } catch (error) {
      failedAt = performance.now()
      logger.warn(
        { err: error, issuer: config.issuer },
        'the identity provider does not answer; check that it is up and that gateway.oidc.issuer is right',
      )
      return null
    }
  }

  function ready(): Promise<client.Configuration | null> {
    if (found !== null) return Promise.resolve(found)
    if (looking === null && performance.now() - failedAt < RETRY_AFTER_MS) return Promise.resolve(null)
    looking ??= discover().finally(() => {
      looking = null
    })
    return looking
  }

  return {
    ready,
    bearer: {
      keys: async () => ((await ready()) === null ? null : keys),
      issuer: config.issuer,
      audience: config.audience ?? config.client_id,
      algorithms: config.algorithms,
      claims: config,
    },
  }
}
