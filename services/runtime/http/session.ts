import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Scope, Tokens } from '../tokens.ts'
import { SESSION_COOKIE, authenticate, holderOf } from './authenticate.ts'

const Login = z.strictObject({ token: z.string().min(1).max(512) })
const MAX_AGE_S = 7 * 86_400

/**
 * How a browser logs in: the page posts the token that stood in the link's
 * fragment (which no server or log ever sees), and gets it back as a cookie
 * that scripts can't read. `GET` says who is logged in, `DELETE` logs out.
 */
export function sessionRoutes(tokens: Tokens, scope: Scope = 'analyst') {
  return async function session(app: FastifyInstance): Promise<void> {
    app.post('/api/v1/session', async (request, reply) => {
      const login = Login.safeParse(request.body)
      const holder = login.success ? tokens.verify(login.data.token) : null
      if (!login.success || !holder || !(holder.scopes.includes(scope) || holder.scopes.includes('admin')))
        return reply.code(401).send({
          code: 'ERR_NOT_AUTHENTICATED',
          message: 'This token is unknown, expired or not for people.',
        })
      return reply.header('set-cookie', cookie(login.data.token, MAX_AGE_S, request.protocol)).send(holder)
    })
    app.get('/api/v1/session', { preHandler: authenticate(tokens, scope) }, async (request) =>
      holderOf(request),
    )
    app.delete('/api/v1/session', { preHandler: authenticate(tokens, scope) }, async (request, reply) =>
      reply
        .header('set-cookie', cookie('', 0, request.protocol))
        .code(204)
        .send(),
    )
  }
}

function cookie(value: string, max_age_s: number, protocol: string): string {
  const secure = protocol === 'https' ? '; Secure' : ''
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${max_age_s}${secure}`
}
