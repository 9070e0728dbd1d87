import { parse } from 'yaml'
import { z } from 'zod'
import { parameterType, parameterValue, type Parameter } from './parameter.ts'

/** Of a file's name without its ending, and so of a query. */
const QUERY_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
export const MOST_QUERY_CHARACTERS = 65_536
const MOST_PARAMETERS = 20

const Short = z.string().max(200)
const About = z.strictObject({
  title: Short.optional(),
  hint: Short.optional(),
  default: z.coerce.string().max(1000).optional(),
  choices: z.array(Short).max(50).optional(),
})
const Document = z.strictObject({
  title: z.string().min(1).max(200),
  description: z.string().max(1000).default(''),
  parameters: z.record(z.string(), About).default({}),
  sql: z.string().min(1).max(20_000),
})

/** A question that can be asked again, with other values. */
export interface SavedQuery {
  readonly name: string
  /** Shipped with Gatewatch, or the operator's own. */
  readonly origin: 'shipped' | 'own'
  readonly title: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly sql: string
}

/** The tenant that is looked at; it needs no field of its own. */
export const TENANT = 'tenant'

/** Reads a file of a query. What is wrong with it is said in one sentence. */
export function parseQuery(
  name: string,
  origin: SavedQuery['origin'],
  text: string,
): { readonly query: SavedQuery } | { readonly problem: string } {
  if (!QUERY_NAME.test(name)) return { problem: 'its name may have a-z, 0-9 and - only' }
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 0 })
  } catch (error) {
    return { problem: `it is no YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}` }
  }
  const read = Document.safeParse(document)
  if (!read.success) {
    const [issue] = read.error.issues
    return { problem: `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is wrong'}` }
  }
  const { title, description, sql } = read.data
  if (!/^\s*(?:SELECT|WITH)\b/i.test(sql)) return { problem: 'sql: must begin with SELECT or WITH' }
  const parameters = parametersOf(sql, read.data.parameters)
  if (typeof parameters === 'string') return { problem: parameters }
  return { query: { name, origin, title, description, parameters, sql: sql.trim() } }
}

/** The parameters of a statement in their order, or what is wrong with one. */
function parametersOf(
  sql: string,
  about: Readonly<Record<string, z.infer<typeof About>>>,
): Parameter[] | string {
  const found = new Map<string, Parameter>()
  for (const [, name = '', engineType = ''] of sql.matchAll(/\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g)) {
    const type = parameterType(engineType)
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) return `sql: {${name}} must be named in a-z, 0-9 and _`
    if (type === null) return `sql: {${name}:${engineType}} is of a type that no value can be given for`
    const known = found.get(name)
    if (known && known.type !== type) return `sql: {${name}} has two types`
    const { title = name, hint = '', default: preset = null, choices = [] } = about[name] ?? {}
    found.set(name, { name, type, title, hint, default: preset, choices })
  }
  if (found.size > MOST_PARAMETERS) return `sql: has more than ${MOST_PARAMETERS} parameters`
  for (const name of Object.keys(about)) if (!found.has(name)) return `parameters.${name}: is not in the SQL`
  for (const one of found.values())
    if (
      one.default !== null &&
      parameterValue(one, one.default, 0) === null &&
      !one.default.startsWith('now')
    )
      return `parameters.${one.name}.default: is no value of its type`
  return [...found.values()]
}
