import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify'
import { z } from 'zod'
import { Id, Instant, RiskLevel, Tenant } from '../../../schemas/bounds.ts'
import { Entity, EntityType, entityKey } from '../../../schemas/entity.ts'
import { levelOf } from '../ledger/level.ts'
import type { LedgerParameters } from '../ledger/parameters.ts'
import { problem } from './problem.ts'
import type { Views } from './views.ts'

const Limit = z.coerce.number().int().min(1).max(1000).default(100)
const ById = z.strictObject({ id: Id })

const StoriesQuery = z.strictObject({
  tenant: Tenant.optional(),
  state: z.enum(['open', 'closed', 'merged']).optional(),
  limit: Limit,
  /** Only stories last seen before this instant: the next page. */
  before: Instant.optional(),
})
const RiskQuery = z.strictObject({ tenant: Tenant, level: RiskLevel.optional(), limit: Limit })
const FindingsQuery = z.strictObject({
  tenant: Tenant.optional(),
  entity_type: EntityType.optional(),
  entity_id: Entity.shape.id.optional(),
  detector: z.string().max(64).optional(),
  level: RiskLevel.optional(),
  before: Instant.optional(),
  limit: Limit,
})

export interface ReadRoutesOptions {
  readonly views: Views
  readonly tenant: string
  readonly parameters: LedgerParameters
  readonly allowed: preHandlerAsyncHookHandler
}

/** Stories, risk and findings, to read. Lists are newest first; `next_before` is the `before` of the next page. */
export function readRoutes({ views, tenant, parameters, allowed }: ReadRoutesOptions) {
  return async function routes(app: FastifyInstance): Promise<void> {
    app.addHook('preHandler', allowed)

    app.get('/api/v1/stories', async (request) => {
      const query = StoriesQuery.parse(request.query)
      const stories = [...views.stories(query.tenant)]
        .filter((story) => query.state === undefined || story.state === query.state)
        .filter((story) => query.before === undefined || story.observed_at < query.before)
        .sort((a, b) => (a.observed_at < b.observed_at ? 1 : -1))
      const page = stories.slice(0, query.limit)
      return { stories: page, next_before: nextOf(page, stories.length > page.length) }
    })

    app.get('/api/v1/stories/:id', async (request, reply) => {
      const { id } = ById.parse(request.params)
      const query = z.strictObject({ tenant: Tenant.optional() }).parse(request.query)
      const story = views.story(query.tenant, id)
      if (!story) return reply.code(404).send(problem(404, 'ERR_STORY_UNKNOWN', 'There is no such story.'))
      const wanted = new Set(story.finding_ids)
      return { ...story, findings: (await views.findings()).filter((finding) => wanted.has(finding.id)) }
    })

    app.get('/api/v1/risk', async (request) => {
      const query = RiskQuery.parse({ tenant, ...asRecord(request.query) })
      // What is withheld is published as LOW; whoever looks for HIGH wants to see it all the same.
      const states = [...views.risks(query.tenant)]
        .filter((s) => query.level === undefined || levelShown(s.score, s.level, s.withheld) === query.level)
        .sort((a, b) => b.score - a.score)
      return { states: states.slice(0, query.limit), total: states.length }

      function levelShown(score: number, level: RiskLevel, withheld: string | null): RiskLevel {
        return withheld === null ? level : levelOf(score, level, parameters)
      }
    })

    app.get('/api/v1/risk/:type/:id', async (request, reply) => {
      const entity = Entity.parse(request.params)
      const query = z.strictObject({ tenant: Tenant.default(tenant) }).parse(request.query)
      const state = views.risk(entityKey(query.tenant, entity))
      return (
        state ?? reply.code(404).send(problem(404, 'ERR_RISK_NONE', 'Nothing is held against this entity.'))
      )
    })

    app.get('/api/v1/findings', async (request) => {
      const query = FindingsQuery.parse(request.query)
      const findings = (await views.findings()).filter(
        (f) =>
          (query.tenant === undefined || f.tenant === query.tenant) &&
          (query.detector === undefined || f.detector.id === query.detector) &&
          (query.level === undefined || f.risk_level === query.level) &&
          (query.before === undefined || f.observed_at < query.before) &&
          (query.entity_type === undefined || f.entity.type === query.entity_type) &&
          (query.entity_id === undefined || f.entity.id === query.entity_id),
      )
      const page = findings.slice(0, query.limit)
      return { findings: page, next_before: nextOf(page, findings.length > page.length) }
    })

    app.get('/api/v1/findings/:id', async (request, reply) => {
      const { id } = ById.parse(request.params)
      return (
        (await views.finding(id)) ??
        reply
          .code(404)
          .send(problem(404, 'ERR_FINDING_UNKNOWN', 'It is not among the newest findings; ask the store.'))
      )
    })
  }
}

function nextOf(page: readonly { readonly observed_at: string }[], more: boolean): string | null {
  return more ? (page.at(-1)?.observed_at ?? null) : null
}

function asRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
