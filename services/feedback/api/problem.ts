import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ZodError } from 'zod'

/**
 * A refusal in the form of RFC 9457. `code` is stable and what programs switch
 * on; `message` repeats `detail` for clients that know only the other servers
 * of this house.
 */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly message: string
}

export function problem(status: number, code: string, detail: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    message: detail,
  }
}

/** A hook before serialisation: whatever says `{code, message}` with an error status leaves as a problem. */
export async function asProblem(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (reply.statusCode < 400 || typeof payload !== 'object' || payload === null) return payload
  if (!('code' in payload) || !('message' in payload)) return payload
  void reply.header('content-type', 'application/problem+json; charset=utf-8')
  return problem(reply.statusCode, String(payload.code), String(payload.message))
}

/** What a schema found wrong, by path, never by value: a value may be anything, and as long as it likes. */
function describeMistakes(error: ZodError): string {
  return error.issues
    .slice(0, 8)
    .map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`)
    .join('; ')
    .slice(0, 1000)
}

/** Turns what a schema refuses at this edge into 400; everything else stays the server's own business. */
export function refuseMistakes(error: unknown): unknown {
  if (!(error instanceof ZodError)) return error
  return Object.assign(new Error(describeMistakes(error)), { statusCode: 400, code: 'ERR_REQUEST_INVALID' })
}
