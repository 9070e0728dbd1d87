import type { FastifyReply } from 'fastify'
import type { z } from 'zod'

/** 400 with every mistake in the query string, by name and never by value. */
export function refuseQuery(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const mistakes = error.issues.map(({ path, message }) => `${path.join('.') || 'query'}: ${message}`)
  return reply.code(400).send({ code: 'ERR_QUERY', message: mistakes.join('; ') })
}

export function notFound(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(404).send({ code: 'ERR_NOT_FOUND', message })
}
