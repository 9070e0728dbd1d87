import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Tenant } from '../../../schemas/bounds.ts'
import { CaseAbout } from '../../../schemas/case-file.ts'
import type { ErasedBefore } from '../../runtime/erasures/erased-before.ts'
import { holderOf } from '../../runtime/http/authenticate.ts'
import type { Cases } from '../open-cases.ts'
import { notFound, refuseQuery } from '../refuse.ts'
import { caseName } from './case-name.ts'
import { renderCase } from './render.ts'

/** A case may take 100 MB while it is made. */
const MOST_AT_ONCE = 2

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const CaseQuery = z.strictObject({
  tenant: Tenant.default('default'),
  from: Moment.optional(),
  to: Moment.optional(),
  format: z.enum(['json', 'html']).default('html'),
})

/** Case files to download. Who took which one is in the log. */
export function caseRoutes(app: FastifyInstance, cases: Cases, erasedBefore: ErasedBefore): void {
  let making = 0

  async function send(request: FastifyRequest, reply: FastifyReply, asked: unknown): Promise<FastifyReply> {
    const about = CaseAbout.safeParse(asked)
    const query = CaseQuery.safeParse(request.query)
    if (!about.success) return notFound(reply, 'A case is of an entity, a finding, a story or a decision.')
    if (!query.success) return refuseQuery(reply, query.error)
    if (making >= MOST_AT_ONCE)
      return reply
        .code(429)
        .header('retry-after', '10')
        .send({ code: 'ERR_BUSY', message: 'Other case files are being made; try again in some seconds.' })
    const { tenant, from = null, to = null, format } = query.data
    making += 1
    try {
      const question = { tenant, about: about.data, from_ms: from, to_ms: to }
      const file = await cases.build(question, { now_ms: Date.now() })
      if (file === null) return notFound(reply, await whyNone(tenant, about.data))
      const name = caseName(about.data)
      request.log.info(
        {
          event: 'export',
          what: 'case',
          by: holderOf(request)?.name,
          case: name,
          tenant,
          format,
          decisions: file.decisions.rows.length,
          findings: file.findings.rows.length,
        },
        'a case file was taken',
      )
      return reply
        .headers({
          'content-disposition': `attachment; filename="${name}.${format}"`,
          'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        })
        .type(format === 'html' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
        .send(renderCase(file, format))
    } finally {
      making -= 1
    }
  }

  /** By its id everything is kept that ever was; by name only who was not erased. */
  async function whyNone(tenant: string, about: CaseAbout): Promise<string> {
    const before = about.kind === 'entity' ? await erasedBefore(tenant, about.entity) : null
    return before === null
      ? `Nothing is known of it in the tenant ${tenant}; it may be older than what the store keeps.`
      : `It was erased on request: what was decided until ${before} is kept without the person, and can be asked for by finding, story or decision.`
  }

  app.get<{ Params: { type: string; id: string } }>('/api/v1/cases/entity/:type/:id', (request, reply) =>
    send(request, reply, { kind: 'entity', entity: request.params }),
  )
  app.get<{ Params: { kind: string; id: string } }>('/api/v1/cases/:kind/:id', (request, reply) =>
    send(request, reply, { kind: request.params.kind, id: request.params.id }),
  )
}
