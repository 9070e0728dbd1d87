import { EncryptJWT, jwtDecrypt } from 'jose'
import { z } from 'zod'
import { GatewatchError } from '../../runtime/errors.ts'
import { boundedCache } from './bounded-cache.ts'
import type { Identity } from './identity.ts'

/** Browsers keep 4096 bytes for a cookie with its name and attributes. */
const MAX_COOKIE_LENGTH = 3800
const CACHED_SESSIONS = 10_000
const KEY_BYTES = 32

/** What a session knows. It was made at sign-in and is never changed; a new sign-in makes a new one. */
export const Session = z.strictObject({
  /** Random id of this sign-in at this application host: what is logged out and revoked. */
  session_id: z.string().min(16).max(64),
  host: z.string().min(1).max(253),
  type: z.enum(['user', 'service']),
  id: z.string().min(1).max(256),
  groups: z.array(z.string().max(256)).max(64),
  roles: z.array(z.string().max(256)).max(64),
  idp: z.string().max(256),
  acr: z.string().max(256).optional(),
  amr: z.array(z.string().max(64)).max(16),
  authenticated_at_ms: z.int().min(0).optional(),
  expires_at_ms: z.int().min(0),
})
export type Session = z.infer<typeof Session>

export interface Sealer {
  /** Encrypts and authenticates `value` until it expires; null when it is too long for a cookie. */
  seal(value: Readonly<Record<string, unknown>>, expires_at_ms: number): Promise<string | null>
  /** What `seal` was given, or null for anything else and for what has expired. */
  open(text: string, now: number): Promise<unknown>
}

/**
 * Seals with JWE, direct A256GCM (RFC 7516), so that a cookie can neither be
 * read nor changed outside. `purpose` is bound in: a sealed login is no session.
 * `secret` is 32 random bytes in base64, of either alphabet.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` when it is shorter
 */
export function sealer(secret: string, purpose: string): Sealer {
  const key = keyOf(secret, purpose)
  return {
    async seal(value, expires_at_ms) {
      const text = await new EncryptJWT({ v: value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(purpose)
        .setExpirationTime(Math.ceil(expires_at_ms / 1000))
        .encrypt(key)
      return text.length > MAX_COOKIE_LENGTH ? null : text
    },
    async open(text, now) {
      if (text.length > MAX_COOKIE_LENGTH) return null
      try {
        const { payload } = await jwtDecrypt(text, key, {
          audience: purpose,
          currentDate: new Date(now),
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        })
        return payload['v'] ?? null
      } catch {
        return null
      }
    },
  }
}

function keyOf(secret: string, purpose: string): Uint8Array {
  const key = Buffer.from(secret, 'base64url').subarray(0, KEY_BYTES)
  if (key.length === KEY_BYTES) return key
  throw new GatewatchError(
    'ERR_CONFIG_INVALID',
    `The secret that seals ${purpose} is not ${KEY_BYTES} bytes in base64; put one in secrets/ that \`openssl rand -base64 ${KEY_BYTES}\` made.`,
  )
}

export interface Sessions {
  seal(session: Session): Promise<string | null>
  open(cookie: string, now: number): Promise<Session | null>
}

/** Session cookies; opened ones are remembered (opening takes some 60 µs). */
export function sessionCookies(secret: string): Sessions {
  const sealed = sealer(secret, 'gatewatch-session')
  const opened = boundedCache<Session>(CACHED_SESSIONS)
  return {
    seal: (session) => sealed.seal(session, session.expires_at_ms),
    async open(cookie, now) {
      const known = opened.get(cookie, now)
      if (known) return known
      const session = Session.safeParse(await sealed.open(cookie, now)).data
      if (session === undefined || session.expires_at_ms <= now) return null
      opened.set(cookie, session, session.expires_at_ms)
      return session
    },
  }
}

export function identityOfSession(session: Session): Identity {
  const { host: _host, expires_at_ms: _end, acr, authenticated_at_ms, ...identity } = session
  return {
    ...identity,
    ...(acr === undefined ? {} : { acr }),
    ...(authenticated_at_ms === undefined ? {} : { authenticated_at_ms }),
  }
}
