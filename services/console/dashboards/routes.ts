import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { notFound, refuseQuery } from '../refuse.ts'
import { askPanel, askStore, type PanelSources } from './ask-panel.ts'
import type { Definition, Variable } from './definition.ts'

const MOST_SPAN_MS = 400 * 86_400_000
const VALUE = z.string().max(1000)

/** A range, and a value for each variable as `var-<name>`, several for one that takes several. */
const PanelQuery = z
  .object({
    from: z.coerce.number().int().min(0),
    to: z.coerce.number().int().min(0),
    points: z.coerce.number().int().min(10).max(2000).default(120),
  })
  .catchall(z.union([VALUE, z.array(VALUE).max(100)]))
  .refine(({ from, to }) => to > from && to - from <= MOST_SPAN_MS, 'to: after from, by at most 400 days')

const Params = z.object({ uid: z.string(), id: z.coerce.number().int() })

/** Dashboards without Grafana: the same definitions, the same queries. */
export function dashboardRoutes(
  app: FastifyInstance,
  definitions: ReadonlyMap<string, Definition>,
  sources: PanelSources,
): void {
  app.get('/api/v1/dashboards', async () => ({
    dashboards: [...definitions.values()].map(({ uid, title, description }) => ({ uid, title, description })),
  }))

  app.get<{ Params: { uid: string } }>('/api/v1/dashboards/:uid', async (request, reply) => {
    const definition = definitions.get(request.params.uid)
    return definition === undefined ? notFound(reply, 'There is no such dashboard.') : publicOf(definition)
  })

  app.get('/api/v1/dashboards/:uid/panels/:id', async (request, reply) => {
    const params = Params.safeParse(request.params)
    const query = PanelQuery.safeParse(request.query)
    if (!query.success) return refuseQuery(reply, query.error)
    const definition = params.success ? definitions.get(params.data.uid) : undefined
    const panel = definition?.panels.find(({ id }) => id === params.data?.id)
    if (definition === undefined || panel === undefined) return notFound(reply, 'There is no such panel.')
    const { from: fromMs, to: toMs, points, ...given } = query.data
    return askPanel(sources, panel, { fromMs, toMs, points, variables: valuesOf(definition, given) })
  })

  app.get<{ Params: { uid: string; name: string } }>(
    '/api/v1/dashboards/:uid/variables/:name',
    async (request, reply) => {
      const query = z.record(z.string(), z.union([VALUE, z.array(VALUE).max(100)])).safeParse(request.query)
      if (!query.success) return refuseQuery(reply, query.error)
      const definition = definitions.get(request.params.uid)
      const variable = definition?.templating.list.find(({ name }) => name === request.params.name)
      if (definition === undefined || variable?.type !== 'query')
        return notFound(reply, 'There is no such variable.')
      const toMs = Date.now()
      const range = { fromMs: toMs - 3_600_000, toMs, interval_s: 60 }
      const variables = valuesOf(definition, query.data)
      const { rows } = await askStore(sources, variable.query, { ...range, variables })
      return { values: rows.map(([value]) => String(value)) }
    },
  )
}

type Given = Readonly<Record<string, string | readonly string[] | number>>

/** A value for every variable of the dashboard; what is not given is as the dashboard begins. */
function valuesOf(definition: Definition, given: Given): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    definition.templating.list.map((variable) => [variable.name, valueOf(variable, given)]),
  )
}

function valueOf(variable: Variable, given: Given): string | readonly string[] {
  const value = given[`var-${variable.name}`]
  if (variable.includeAll && (value === undefined || value === '')) return variable.allValue ?? ''
  if (value === undefined)
    return variable.type === 'textbox' ? variable.query : (variable.current?.value ?? '')
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' || variable.multi ? value : (value[0] ?? '')
}

/** A definition without its queries: the page names a panel, never a query. */
function publicOf({ panels, templating, ...rest }: Definition) {
  return {
    ...rest,
    variables: templating.list.map(({ query, ...variable }) => ({
      ...variable,
      ...(variable.type === 'textbox' && { default: query }),
    })),
    panels: panels.map(({ id, type, title, description, gridPos, fieldConfig }) => {
      return { id, type, title, description, gridPos, fieldConfig }
    }),
  }
}
export type PublicDefinition = ReturnType<typeof publicOf>
