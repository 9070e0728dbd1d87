import { hash } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import { boundedCache } from './bounded-cache.ts'
import { identityFromClaims } from './claims.ts'
import type { ClaimNames } from './claims.ts'
import { rejected } from './identity.ts'
import type { Identity } from './identity.ts'

/** More than any token that fits a header of ours. */
const MAX_TOKEN_LENGTH = 8192
const CACHED_TOKENS = 10_000
/** Clocks of issuer and gateway may differ by this. */
const CLOCK_TOLERANCE_S = 5
/** A verified token is trusted this long without another look; its expiry and its revocation count at once. */
const CACHE_MS = 300_000

export interface BearerOptions {
  /** Keys of the issuer; null while the issuer can't be reached. */
  readonly keys: () => Promise<JWTVerifyGetKey | null>
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly string[]
  readonly claims: ClaimNames
}

export type BearerVerifier = (token: string, now: number) => Promise<Identity>

/**
 * Verifies access tokens that are JWTs (RFC 9068): signature by a key of the
 * issuer with an allowed algorithm, issuer, audience, expiry, not-before. A
 * token that fails makes an anonymous request with the reason, never an error.
 * Verified tokens are remembered by their SHA-256 (verifying RS256 takes some
 * 50 µs, looking up 1 µs).
 */
export function bearerVerifier(options: BearerOptions): BearerVerifier {
  const verified = boundedCache<Identity>(CACHED_TOKENS)
  return async (token, now) => {
    if (token.length > MAX_TOKEN_LENGTH) return rejected('token_invalid')
    const digest = hash('sha256', token, 'base64url')
    const known = verified.get(digest, now)
    if (known) return known
    const keys = await options.keys()
    if (keys === null) return rejected('identity_provider_unreachable')
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: [...options.algorithms],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now),
        requiredClaims: ['exp', 'sub'],
      })
      // An ID token says who signed in to a client; it is no key to an API (RFC 9068 section 4).
      const kind = protectedHeader.typ?.toLowerCase()
      if (payload['nonce'] !== undefined || payload['at_hash'] !== undefined) return rejected('token_invalid')
      if (kind !== undefined && !['jwt', 'at+jwt', 'application/at+jwt'].includes(kind))
        return rejected('token_invalid')
      const identity = identityFromClaims(payload, options.claims)
      const expires = (payload.exp ?? 0) * 1000
      if (!identity.rejected) verified.set(digest, identity, Math.min(expires, now + CACHE_MS))
      return identity
    } catch (error) {
      if (error instanceof errors.JWTExpired) return rejected('token_expired')
      if (error instanceof errors.JWKSTimeout) return rejected('identity_provider_unreachable')
      return rejected(isOurFault(error) ? 'identity_provider_unreachable' : 'token_invalid')
    }
  }
}

/** The key set could not be fetched: everything that jose itself did not refuse. */
function isOurFault(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC'
}
