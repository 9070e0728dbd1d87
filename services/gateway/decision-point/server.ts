import type { ServerOptions } from 'node:https'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { authenticate, holderOf } from '../../runtime/http/authenticate.ts'
import { closeServer } from '../../runtime/http/close-server.ts'
import { listen } from '../../runtime/http/listen.ts'
import { buildServer } from '../../runtime/http/server.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import { answerEvaluation } from './evaluation.ts'
import type { Answered, EvaluateOptions, EvaluateResult } from './evaluation.ts'
import { Evaluation, Evaluations } from './messages.ts'

export interface DecisionPointOptions extends EvaluateOptions {
  readonly logger: Logger
  readonly tls: ServerOptions | null
  readonly tokens: Tokens
  readonly listen: { readonly host: string; readonly port: number }
  readonly url: string | undefined
}

/** OpenID AuthZEN Authorization API 1.0: a deny is an answer (200, `decision: false`), an error is an error of the call. */
export async function startDecisionPoint(
  options: DecisionPointOptions,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { logger, tls } = options
  const app = buildServer({ logger, tls, body_limit: 1_048_576, finish_requests: true })
  let base = options.url?.replace(/\/$/, '')
  routes(app, options, () => base ?? '')
  const port = await listen(app, { ...options.listen, setting: 'gateway.decision_point.port' })
  const { host } = options.listen
  base ??= `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return { port, stop: () => closeServer(app) }
}

function routes(app: FastifyInstance, options: DecisionPointOptions, base: () => string): void {
  const preHandler = authenticate(options.tokens, 'decision-point')

  app.addHook('onRequest', async (request, reply) => {
    const id = request.headers['x-request-id']
    if (typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id)) void reply.header('x-request-id', id)
  })

  app.get('/.well-known/authzen-configuration', async () => ({
    policy_decision_point: base(),
    access_evaluation_endpoint: `${base()}/access/v1/evaluation`,
    access_evaluations_endpoint: `${base()}/access/v1/evaluations`,
  }))

  app.post('/access/v1/evaluation', { preHandler }, async (request, reply) => {
    const parsed = Evaluation.safeParse(request.body)
    if (!parsed.success) return reply.code(400).send(badRequest(parsed.error.issues))
    return respond(reply, await answerEvaluation(options, parsed.data, nameOf(request)))
  })

  app.post('/access/v1/evaluations', { preHandler }, async (request, reply) => {
    const parsed = Evaluations.safeParse(request.body)
    if (!parsed.success) return reply.code(400).send(badRequest(parsed.error.issues))
    const { evaluations, options: wanted, ...defaults } = parsed.data
    // Without a list the request is a single question (section 7.1).
    if (evaluations === undefined || evaluations.length === 0) {
      const single = Evaluation.safeParse(defaults)
      if (!single.success) return reply.code(400).send(badRequest(single.error.issues))
      return respond(reply, await answerEvaluation(options, single.data, nameOf(request)))
    }
    const answers: Answered[] = []
    for (const evaluation of evaluations) {
      const answer = await answerOne(options, { ...defaults, ...evaluation }, nameOf(request))
      if (answer === null) return reply.code(503).header('retry-after', '5').send(UNRECORDED)
      answers.push(answer)
      const { evaluations_semantic: semantic } = wanted
      if (semantic === 'deny_on_first_deny' && !answer.decision) break
      if (semantic === 'permit_on_first_permit' && answer.decision) break
    }
    return { evaluations: answers }
  })
}

/** One of several: a bad question is answered with a deny that says so (section 7.2.1), so that the others still count. */
async function answerOne(
  options: EvaluateOptions,
  question: unknown,
  asked_by: string,
): Promise<Answered | null> {
  const parsed = Evaluation.safeParse(question)
  const result: EvaluateResult = parsed.success
    ? await answerEvaluation(options, parsed.data, asked_by)
    : { kind: 'invalid', message: badRequest(parsed.error.issues).message }
  if (result.kind === 'unrecorded') return null
  if (result.kind === 'ok') return result.answer
  return { decision: false, context: { error: { status: 400, message: result.message } } }
}

function respond(reply: FastifyReply, result: EvaluateResult): FastifyReply {
  if (result.kind === 'ok') return reply.send(result.answer)
  if (result.kind === 'invalid') return reply.code(400).send({ code: 'ERR_REQUEST', message: result.message })
  return reply.code(503).header('retry-after', '5').send(UNRECORDED)
}

const UNRECORDED = {
  code: 'ERR_LOG_UNREACHABLE',
  message: 'The decision could not be recorded, so none is given; try again.',
} as const

function badRequest(issues: readonly { path: readonly PropertyKey[]; message: string }[]) {
  const message = issues
    .map((issue) => `${issue.path.map(String).join('.')} ${issue.message}`.trim())
    .join('; ')
  return { code: 'ERR_REQUEST', message }
}

function nameOf(request: FastifyRequest): string {
  return holderOf(request)?.name ?? 'unknown'
}
