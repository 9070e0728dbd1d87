import { z } from 'zod'
import { rejected } from './identity.ts'
import type { Identity } from './identity.ts'

/** From here on an instant no longer has the form that events carry. */
const YEAR_10000_S = 253_402_300_800

/** Which claims say who somebody is. */
export interface ClaimNames {
  readonly subject_claim: string
  readonly groups_claim: string
  readonly roles_claim: string
}

/** Together they fit beside everything else in an event and in a request's headers. */
const MAX_LIST_CHARACTERS = 4096

const SubjectId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u)
const Names = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .pipe(
    z
      .array(
        z
          .string()
          .min(1)
          .max(256)
          .regex(/^[^\p{Cc}\p{Cs}]+$/u),
      )
      .max(64),
  )
  .refine((names) => names.join().length <= MAX_LIST_CHARACTERS)
const Methods = z.array(z.string().max(64)).max(16)

/**
 * The identity in a verified token's claims. A list that is too long to be
 * recorded whole is refused rather than cut: a policy that forbids a group must
 * not miss it. `session_id` names the sign-in, not the token, so that all tokens
 * of one sign-in are revoked together.
 */
export function identityFromClaims(claims: Readonly<Record<string, unknown>>, names: ClaimNames): Identity {
  const id = SubjectId.safeParse(claims[names.subject_claim])
  const groups = Names.safeParse(claims[names.groups_claim] ?? [])
  const roles = Names.safeParse(claims[names.roles_claim] ?? [])
  if (!id.success || !groups.success || !roles.success) return rejected('token_invalid')
  const amr = Methods.safeParse(claims['amr'])
  const session_id = shortText(claims['sid'])
  const idp = shortText(claims['iss'])
  const acr = shortText(claims['acr'])
  const signedIn = claims['auth_time'] ?? claims['iat']
  // A client that acts for itself has its own id as subject (RFC 9068 section 2.2).
  const service = claims['sub'] !== undefined && claims['sub'] === claims['client_id']
  return {
    type: service ? 'service' : 'user',
    id: id.data,
    groups: groups.data,
    roles: roles.data,
    amr: amr.success ? amr.data : [],
    ...(session_id === undefined ? {} : { session_id }),
    ...(idp === undefined ? {} : { idp }),
    ...(acr === undefined ? {} : { acr }),
    ...(typeof signedIn === 'number' && signedIn > 0 && signedIn < YEAR_10000_S
      ? { authenticated_at_ms: Math.floor(signedIn * 1000) }
      : {}),
  }
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 256 ? value : undefined
}
