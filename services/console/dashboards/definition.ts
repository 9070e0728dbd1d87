import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Where `node dashboards/generate.ts` writes what Grafana is given as well. */
const DIRECTORY = fileURLToPath(new URL('../../../deploy/grafana/dashboards/', import.meta.url))

const Grid = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() })
const SqlTarget = z.object({ rawSql: z.string(), queryType: z.enum(['table', 'timeseries']) })
const PromTarget = z.object({ expr: z.string(), legendFormat: z.string().default('') })
const Override = z.object({
  matcher: z.object({ id: z.string(), options: z.unknown() }),
  properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
})
const FieldConfig = z.object({
  defaults: z
    .object({
      unit: z.string().optional(),
      decimals: z.number().optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      noValue: z.string().optional(),
      custom: z.record(z.string(), z.unknown()).optional(),
    })
    .prefault({}),
  overrides: z.array(Override).default([]),
})

const Panel = z.object({
  id: z.int(),
  type: z.enum(['stat', 'timeseries', 'table', 'row']),
  title: z.string(),
  description: z.string().default(''),
  gridPos: Grid,
  fieldConfig: FieldConfig.prefault({}),
  targets: z.array(z.union([SqlTarget, PromTarget])).default([]),
})
export type Panel = z.infer<typeof Panel>
export type Target = Panel['targets'][number]

const Variable = z.object({
  name: z.string(),
  label: z.string().default(''),
  description: z.string().default(''),
  type: z.enum(['query', 'textbox']),
  query: z.string().default(''),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  allValue: z.string().optional(),
  current: z.object({ value: z.string() }).optional(),
})
export type Variable = z.infer<typeof Variable>

/** What the console draws of a dashboard; the rest of Grafana's model is Grafana's. */
export const Definition = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string().default(''),
  time: z.object({ from: z.string(), to: z.string() }),
  refresh: z.string().optional(),
  templating: z.object({ list: z.array(Variable) }),
  panels: z.array(Panel),
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
