import { z } from 'zod'
import { duration } from '../../../runtime/duration.ts'

const File = z.string().min(1).max(4096)

/** An address that a credential is sent to: over TLS, unless it is this machine. */
const ApiUrl = z
  .url({ protocol: /^https?$/ })
  .max(512)
  .refine((url) => isSafe(url), { error: 'must be https, unless the host is loopback' })

const poll = (each: string) => duration({ min_ms: 10, max_ms: 3_600_000 }).prefault(each)

/** Okta's System Log API. */
export const OktaKind = {
  kind: z.literal('okta'),
  /** `https://example.okta.com`. */
  url: ApiUrl,
  /** Read anew for each request, so that it may be replaced while we run. */
  token_file: File,
  /** `SSWS` for a token of the API, `Bearer` for an access token. */
  scheme: z.enum(['SSWS', 'Bearer']).default('SSWS'),
  poll: poll('10s'),
  page: z.int().min(1).max(1000).default(1000),
}

/** Sign-ins from Microsoft Graph. */
export const EntraKind = {
  kind: z.literal('entra'),
  url: ApiUrl.default('https://graph.microsoft.com'),
  /** An access token that somebody else renews; or `client`. */
  token_file: File.optional(),
  /** An application that asks for its own tokens (OAuth 2.0, client credentials). */
  client: z
    .strictObject({
      /** `https://login.microsoftonline.com/<directory>/oauth2/v2.0/token`. */
      token_url: ApiUrl,
      client_id: z.string().min(1).max(256),
      client_secret_file: File,
      scope: z.string().min(1).max(512).default('https://graph.microsoft.com/.default'),
    })
    .optional(),
  poll: poll('60s'),
  /** Sign-ins appear minutes after they happened, so each look begins so much before the newest one. */
  overlap: duration({ min_ms: 0, max_ms: 86_400_000 }).prefault('15m'),
  page: z.int().min(1).max(999).default(999),
}

/** What is wrong with how a source gets its token; null: nothing. */
export function tokenProblem(source: { token_file?: string | undefined; client?: unknown }): string | null {
  return (source.token_file === undefined) === (source.client === undefined)
    ? 'needs either token_file or client'
    : null
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
