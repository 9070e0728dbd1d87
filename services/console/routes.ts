import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Id, Tenant } from '../../schemas/bounds.ts'
import { EntityType } from '../../schemas/entity.ts'
import type { ErasedBefore } from '../runtime/erasures/erased-before.ts'
import { DecisionListQuery } from './decision-filter.ts'
import { explainDecision, type ExplainSources } from './explain.ts'
import { openCalibrations } from './findings/calibrations.ts'
import { explainFinding } from './findings/explain-finding.ts'
import { notFound, refuseQuery } from './refuse.ts'
import { listDecisions, listTenants } from './store/decisions.ts'
import type { Store } from './store/store.ts'
import { readTimeline, TimelineQuery } from './timeline.ts'

const FindingQuery = z.strictObject({ tenant: Tenant.default('default') })
const TimelineParams = z.object({ type: EntityType, id: z.string().min(1).max(300) })

/** The console's questions to store and log; whoever is asked to has authenticated already. */
export function consoleRoutes(
  app: FastifyInstance,
  sources: ExplainSources & { readonly store: Store; readonly erasedBefore: ErasedBefore },
): void {
  const { store, eventLog } = sources
  const calibrations = openCalibrations(eventLog)

  app.get('/api/v1/tenants', async () => {
    return { tenants: await listTenants(store) }
  })

  app.get('/api/v1/decisions', async (request, reply) => {
    const query = DecisionListQuery.safeParse(request.query)
    if (!query.success) return refuseQuery(reply, query.error)
    return listDecisions(store, query.data, Date.now())
  })

  app.get<{ Params: { id: string } }>('/api/v1/decisions/:id', async (request, reply) => {
    const id = Id.safeParse(request.params.id)
    const explanation = id.success ? await explainDecision(sources, id.data) : null
    return explanation ?? notFound(reply, 'No decision has this id.')
  })

  app.get<{ Params: { id: string } }>('/api/v1/findings/:id/account', async (request, reply) => {
    const id = Id.safeParse(request.params.id)
    const query = FindingQuery.safeParse(request.query)
    if (!query.success) return refuseQuery(reply, query.error)
    const account = id.success
      ? await explainFinding({ ...sources, calibrations }, query.data.tenant, id.data, Date.now())
      : null
    return account ?? notFound(reply, 'No finding has this id.')
  })

  app.get('/api/v1/entities/:type/:id/timeline', async (request, reply) => {
    const entity = TimelineParams.safeParse(request.params)
    const query = TimelineQuery.safeParse(request.query)
    if (!entity.success) return notFound(reply, `An entity is one of ${EntityType.options.join(', ')}.`)
    if (!query.success) return refuseQuery(reply, query.error)
    return readTimeline(sources, entity.data, query.data, Date.now())
  })
}
