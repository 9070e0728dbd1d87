import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Where `node dashboards/generate.ts` writes what Grafana is given as well. */
const DIRECTORY = fileURLToPath(new URL('../../../deploy/grafana/dashboards/', import.meta.url))

const Grid = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() })
const refId = z.string().default('A')
const SqlTarget = z.object({
  refId,
  rawSql: z.string(),
  queryType: z.enum(['table', 'timeseries']).default('table'),
})
const PromTarget = z.object({
  refId,
  expr: z.string(),
  legendFormat: z.string().default(''),
  instant: z.boolean().default(false),
})
const Step = z.object({ value: z.number().nullable().default(null), color: z.string() })
const Thresholds = z.object({ mode: z.enum(['absolute', 'percentage']), steps: z.array(Step) })
const Mapping = z.object({ type: z.string(), options: z.unknown() })

/** How values of a field are shown; what an override's property names as well. */
const FieldDefaults = z.object({
  unit: z.string().optional(),
  decimals: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  noValue: z.string().optional(),
  displayName: z.string().optional(),
  color: z.object({ mode: z.string(), fixedColor: z.string().optional() }).optional(),
  thresholds: Thresholds.optional(),
  mappings: z.array(Mapping).optional(),
  links: z.array(z.object({ title: z.string(), url: z.string() })).optional(),
  custom: z.record(z.string(), z.unknown()).optional(),
})
const Override = z.object({
  matcher: z.object({ id: z.string(), options: z.unknown() }),
  properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
})
const FieldConfig = z.object({
  defaults: FieldDefaults.prefault({}),
  overrides: z.array(Override).default([]),
})

/** A panel as Grafana writes it. A kind that the page doesn't know is shown as rows. */
const Panel = z.object({
  id: z.int(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  gridPos: Grid,
  fieldConfig: FieldConfig.prefault({}),
  options: z.record(z.string(), z.unknown()).default({}),
  targets: z.array(z.union([SqlTarget, PromTarget])).default([]),
})
export type Panel = z.infer<typeof Panel>
export type Target = Panel['targets'][number]

/** A row that is folded holds its panels; they stand below it here in any case. */
const Row = z.object({ type: z.literal('row'), panels: z.array(Panel).default([]) })
const Panels = z.array(z.looseObject({ type: z.string() })).transform((panels, { issues }) =>
  panels.flatMap((each) => {
    const panel = Panel.safeParse(each)
    if (!panel.success) issues.push({ code: 'custom', input: each, message: z.prettifyError(panel.error) })
    return [...(panel.data === undefined ? [] : [panel.data]), ...(Row.safeParse(each).data?.panels ?? [])]
  }),
)

const Variable = z.object({
  name: z.string(),
  label: z.string().default(''),
  description: z.string().default(''),
  type: z.string(),
  query: z.string().default(''),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  allowCustomValue: z.boolean().default(true),
  allValue: z.string().optional(),
  hide: z.number().default(0),
  current: z.object({ value: z.union([z.string(), z.array(z.string())]).default('') }).optional(),
})
export type Variable = z.infer<typeof Variable>

/** What happened, drawn over time: its query gives `time`, `timeEnd`, `title`, `text` and `tags`. */
const Annotation = z.object({
  name: z.string(),
  enable: z.boolean().default(true),
  iconColor: z.string().default('text'),
  target: z.looseObject({ rawSql: z.string() }).optional(),
})
export type Annotation = z.infer<typeof Annotation>

const Link = z.object({
  title: z.string(),
  url: z.string(),
  keepTime: z.boolean().default(false),
  includeVars: z.boolean().default(false),
})

/** What the console draws of a dashboard; the rest of Grafana's model is Grafana's. */
export const Definition = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string().default(''),
  time: z.object({ from: z.string(), to: z.string() }),
  refresh: z.string().optional(),
  graphTooltip: z.number().default(0),
  links: z.array(Link).default([]),
  annotations: z.object({ list: z.array(Annotation).default([]) }).prefault({}),
  templating: z.object({ list: z.array(Variable) }),
  panels: Panels,
})
export type Definition = z.infer<typeof Definition>

/** The dashboards that Grafana is provisioned with, by uid; none where the files are not installed. */
export async function readDefinitions(directory = DIRECTORY): Promise<ReadonlyMap<string, Definition>> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const definitions = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => Definition.parse(JSON.parse(await readFile(join(directory, name), 'utf8')))),
  )
  return new Map(definitions.map((definition) => [definition.uid, definition]))
}
