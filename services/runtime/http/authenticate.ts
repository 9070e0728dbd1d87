import type { FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import type { Scope, TokenHolder, Tokens } from '../tokens.ts'

/** The console's session cookie; its value is a token, which pages can't read (HttpOnly). */
export const SESSION_COOKIE = 'gatewatch_session'

const holders = new WeakMap<FastifyRequest, TokenHolder>()

/** Who sent an authenticated request; null before `authenticate` has run. */
export function holderOf(request: FastifyRequest): TokenHolder | null {
  return holders.get(request) ?? null
}

/**
 * A preHandler that lets a request pass whose token has one of the scopes (or
 * `admin`). The token comes as `Authorization: Bearer` (RFC 6750) or in the
 * console's session cookie. A request that changes something and comes with the
 * cookie must come from our own page: SameSite alone doesn't stop a page on
 * another port of the same host.
 */
export function authenticate(tokens: Tokens, ...scopes: readonly Scope[]): preHandlerAsyncHookHandler {
  return async function requireScope(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const bearer = bearerOf(request)
    const token = bearer ?? cookieOf(request.headers.cookie, SESSION_COOKIE)
    const holder = token === undefined ? null : tokens.verify(token)
    if (!holder) return refuse(reply, 401, 'ERR_NOT_AUTHENTICATED', challenge(token !== undefined))
    if (!holder.scopes.includes('admin') && !scopes.some((scope) => holder.scopes.includes(scope)))
      return refuse(
        reply,
        403,
        'ERR_SCOPE_MISSING',
        `Bearer error="insufficient_scope", scope="${scopes[0]}"`,
      )
    if (bearer === undefined && !isSafe(request.method) && !isSameOrigin(request))
      return refuse(reply, 403, 'ERR_CROSS_ORIGIN', null)
    holders.set(request, holder)
  }
}

/** Whether the token that a request came with is still good, for an answer without an end; its scopes never change. */
export function isStillAuthenticated(tokens: Tokens, request: FastifyRequest): boolean {
  const token = bearerOf(request) ?? cookieOf(request.headers.cookie, SESSION_COOKIE)
  return token !== undefined && tokens.verify(token) !== null
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([\w.~+/=-]{1,512})$/i.exec(headers.authorization ?? '')?.[1]
}

/** A cookie's value from a Cookie header (RFC 6265, section 4.2.1); the first of that name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

const MESSAGES = {
  ERR_NOT_AUTHENTICATED: 'This needs a token; make one with `gatewatch token create`.',
  ERR_SCOPE_MISSING: 'This token may not do that; make one with the scope named in WWW-Authenticate.',
  ERR_CROSS_ORIGIN: 'A request with the session cookie must come from the console itself.',
} as const

async function refuse(
  reply: FastifyReply,
  status: number,
  code: keyof typeof MESSAGES,
  wwwAuthenticate: string | null,
): Promise<void> {
  if (wwwAuthenticate !== null) void reply.header('www-authenticate', wwwAuthenticate)
  await reply.code(status).send({ code, message: MESSAGES[code] })
}

function challenge(tokenShown: boolean): string {
  return tokenShown ? 'Bearer error="invalid_token"' : 'Bearer'
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

function isSameOrigin(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin, host } = request.headers
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host
}
