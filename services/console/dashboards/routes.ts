import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { notFound, refuseQuery } from '../refuse.ts'
import { askAnnotations } from './ask-annotations.ts'
import { askPanel, type PanelSources } from './ask-panel.ts'
import { askStore } from './ask-store.ts'
import type { Definition } from './definition.ts'
import { publicOf } from './public-definition.ts'
import { columnsOf, valuesOfColumn } from './suggest-filter.ts'
import { filtersOf, GivenValue, valuesOf, type Given } from './values-of.ts'

const MOST_SPAN_MS = 400 * 86_400_000
const HOUR_MS = 3_600_000

/** A range, and a value for each variable as `var-<name>`, several for one that takes several. */
const Asked = z
  .object({
    from: z.coerce.number().int().min(0),
    to: z.coerce.number().int().min(0),
    points: z.coerce.number().int().min(10).max(2000).default(120),
  })
  .catchall(GivenValue)
  .refine(({ from, to }) => to > from && to - from <= MOST_SPAN_MS, 'to: after from, by at most 400 days')

const Values = z.record(z.string(), GivenValue)
const Column = z.string().regex(/^[A-Za-z_]\w{0,99}$/)

interface OfDashboard {
  Params: { uid: string }
}

/** Dashboards without Grafana: the same definitions, the same queries. */
export function dashboardRoutes(
  app: FastifyInstance,
  definitions: ReadonlyMap<string, Definition>,
  sources: PanelSources,
): void {
  app.get('/api/v1/dashboards', async () => ({
    dashboards: [...definitions.values()].map(({ uid, title, description }) => ({ uid, title, description })),
  }))

  app.get<OfDashboard>('/api/v1/dashboards/:uid', async (request, reply) => {
    const definition = definitions.get(request.params.uid)
    return definition === undefined ? noDashboard(reply) : publicOf(definition, sources.query_timeout_s)
  })

  app.get<{ Params: { uid: string; id: string } }>(
    '/api/v1/dashboards/:uid/panels/:id',
    async (request, reply) => {
      const definition = definitions.get(request.params.uid)
      const panel = definition?.panels.find(({ id }) => String(id) === request.params.id)
      if (definition === undefined || panel === undefined) return notFound(reply, 'There is no such panel.')
      const asked = readAsked(definition, request.query)
      if (asked.mistake !== undefined) return refuseQuery(reply, asked.mistake)
      return askPanel(sources, panel, asked.question, endOf(reply))
    },
  )

  app.get<OfDashboard>('/api/v1/dashboards/:uid/annotations', async (request, reply) => {
    const definition = definitions.get(request.params.uid)
    if (definition === undefined) return noDashboard(reply)
    const asked = readAsked(definition, request.query)
    if (asked.mistake !== undefined) return refuseQuery(reply, asked.mistake)
    return { happenings: await askAnnotations(sources, definition, asked.question, endOf(reply)) }
  })

  app.get<{ Params: { uid: string; name: string } }>(
    '/api/v1/dashboards/:uid/variables/:name',
    async (request, reply) => {
      const query = Values.safeParse(request.query)
      if (!query.success) return refuseQuery(reply, query.error)
      const definition = definitions.get(request.params.uid)
      const variable = definition?.templating.list.find(({ name }) => name === request.params.name)
      if (definition === undefined || variable?.type !== 'query')
        return notFound(reply, 'There is no such variable.')
      const to = new Date()
      const range = { from: new Date(to.getTime() - HOUR_MS), to, interval_s: 60 }
      const variables = valuesOf(definition, query.data)
      const { rows } = await askStore(sources, variable.query, { ...range, variables }, endOf(reply))
      return { values: rows.map(([value]) => String(value)) }
    },
  )

  app.get<OfDashboard>('/api/v1/dashboards/:uid/columns', async (request, reply) => {
    const definition = definitions.get(request.params.uid)
    if (definition === undefined) return noDashboard(reply)
    return { values: await columnsOf(sources, definition, endOf(reply)) }
  })

  app.get<{ Params: { uid: string; column: string } }>(
    '/api/v1/dashboards/:uid/columns/:column',
    async (request, reply) => {
      const definition = definitions.get(request.params.uid)
      const column = Column.safeParse(request.params.column)
      if (definition === undefined || !column.success) return notFound(reply, 'There is no such column.')
      const query = Values.safeParse(request.query)
      if (!query.success) return refuseQuery(reply, query.error)
      const asked = { column: column.data, variables: valuesOf(definition, query.data) }
      return { values: await valuesOfColumn(sources, definition, asked, endOf(reply)) }
    },
  )
}

/** What a request asks for: range, variables and filters; or the mistake in it. */
function readAsked(definition: Definition, query: unknown) {
  const read = Asked.safeParse(query)
  if (!read.success) return { mistake: read.error }
  const { from: fromMs, to: toMs, points, ...rest } = read.data
  const given: Given = rest
  const { filters, mistake } = filtersOf(definition, given)
  if (mistake !== undefined) return { mistake }
  return { question: { fromMs, toMs, points, variables: valuesOf(definition, given), filters } }
}

/** Aborts when whoever asked has gone, so that the engine need not finish. */
function endOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}

function noDashboard(reply: FastifyReply): FastifyReply {
  return notFound(reply, 'There is no such dashboard.')
}
