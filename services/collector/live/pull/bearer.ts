import { readSecretFile } from '../../../runtime/secrets.ts'
import { isObject, textOf } from '../../formats/json.ts'
import { ApiRefusal, ask } from './ask.ts'

/** A token is replaced so long before it expires. */
const EARLY_MS = 60_000

export interface ClientSettings {
  readonly token_url: string
  readonly client_id: string
  readonly client_secret_file: string
  readonly scope: string
}

/** Access tokens by OAuth 2.0's client credentials grant (RFC 6749, section 4.4), kept until shortly before they expire. */
export function clientTokens(
  settings: ClientSettings,
  setting: string,
  now: () => number,
): (signal: AbortSignal) => Promise<string> {
  let kept: { readonly token: string; readonly until_ms: number } | null = null
  return async (signal) => {
    if (kept !== null && now() < kept.until_ms) return kept.token
    const secret = await readSecretFile(settings.client_secret_file, `${setting}.client_secret_file`)
    const { client_id, scope } = settings
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id,
      client_secret: secret,
      scope,
    })
    const answer = await ask(new URL(settings.token_url), { method: 'POST', body }, signal)
    if (answer.status !== 200) throw new ApiRefusal(answer.status)
    const granted: unknown = JSON.parse(answer.body.toString('utf8'))
    const token = isObject(granted) ? textOf(granted, 'access_token') : ''
    if (!isObject(granted) || token === '') throw new Error('the token endpoint gave no access_token')
    const seconds = Number(granted['expires_in'] ?? 0)
    kept = { token, until_ms: now() + Math.max(0, seconds * 1000 - EARLY_MS) }
    return token
  }
}

/** The token of a file, read each time. */
export function fileTokens(path: string, setting: string): () => Promise<string> {
  return () => readSecretFile(path, setting)
}
