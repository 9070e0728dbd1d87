import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { refuse } from './exception.ts'
import type { Limits } from './settings.ts'

export interface Account {
  readonly name: string
  readonly password: string
  readonly readonly: boolean
  readonly limits: Limits
}

/**
 * Who asks, by the `X-ClickHouse-User`/`-Key` headers, HTTP basic
 * authentication, or `user` and `password` in the query string, in this order.
 * None: 194 (HTTP 401); a wrong one: 516 (403), in the same words whether the
 * account exists or not.
 */
export function authenticate(
  request: IncomingMessage,
  search: URLSearchParams,
  accounts: readonly Account[],
): Account {
  const given = credentials(request, search)
  if (!given) throw refuse(194, 'Authentication failed: give a user and a password')
  const account = accounts.find(({ name }) => name === given.user)
  // Compared in any case, so that the time tells nothing about which names exist.
  const right = sameText(given.password, account?.password ?? '')
  if (!account || !right)
    throw refuse(516, 'Authentication failed: password is incorrect, or there is no user with such name')
  return account
}

function credentials(
  request: IncomingMessage,
  search: URLSearchParams,
): { user: string; password: string } | null {
  const user = request.headers['x-clickhouse-user']
  if (typeof user === 'string') {
    const key = request.headers['x-clickhouse-key']
    return { user, password: typeof key === 'string' ? key : '' }
  }
  const basic = /^Basic ([A-Za-z0-9+/=]{1,2048})$/i.exec(request.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const pair = Buffer.from(basic, 'base64').toString()
    const colon = pair.indexOf(':')
    return colon < 0
      ? { user: pair, password: '' }
      : { user: pair.slice(0, colon), password: pair.slice(colon + 1) }
  }
  const inUrl = search.get('user')
  return inUrl === null ? null : { user: inUrl, password: search.get('password') ?? '' }
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
