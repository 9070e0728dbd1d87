import { parse } from 'yaml'
import { isRecord } from '../../schemas/record.ts'

/** A `GATEWATCH_…` variable as a setting: `GATEWATCH_CLICKHOUSE__URL` is `clickhouse.url`. */
export interface Variable {
  readonly name: string
  readonly path: readonly string[]
  readonly text: string
}

const PREFIX = 'GATEWATCH_'

/** Takes the settings out of an environment, in the order of their names; empty ones count as not set. */
export function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  reserved: readonly string[],
): Variable[] {
  const variables: Variable[] = []
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || reserved.includes(name) || text === undefined || text === '') continue
    variables.push({ name, path: name.slice(PREFIX.length).toLowerCase().split('__'), text })
  }
  return variables.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A copy of `base` with the variables set; those in `typed` as YAML scalars or lists, the others as text. */
export function applyVariables(
  base: unknown,
  variables: readonly Variable[],
  typed: ReadonlySet<Variable> = new Set(),
): unknown {
  let value = base
  for (const variable of variables) {
    value = withValue(value, variable.path, typed.has(variable) ? asYaml(variable.text) : variable.text)
  }
  return value
}

function withValue(base: unknown, path: readonly string[], leaf: unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return leaf
  const record = isRecord(base) ? base : {}
  // A null prototype, so that a variable named after a member of Object.prototype is only an unknown setting.
  return Object.assign(Object.create(null), record, {
    [head]: withValue(Object.hasOwn(record, head) ? record[head] : undefined, rest, leaf),
  })
}

function asYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent', maxAliasCount: 0 })
  } catch {
    return text
  }
}
