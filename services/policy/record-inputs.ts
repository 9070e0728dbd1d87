import type { PolicyInputs } from './inputs.ts'

/** Under the 8192 characters of JSON that an event's `policy.inputs` may take. */
const MAX_CHARACTERS = 8000

/**
 * The named inputs as flat JSON (`{"subject.groups": ["staff"]}`), so that the
 * decision can be made again from the event alone. What is too long for the
 * event is left out, and the record says so under `truncated`.
 */
export function recordInputs(
  inputs: PolicyInputs,
  names: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const recorded: Record<string, unknown> = {}
  let left = MAX_CHARACTERS
  for (const name of names) {
    const value = valueOf(inputs, name)
    const size = sizeOf(value) + name.length
    if (size > left) {
      recorded['truncated'] = true
      continue
    }
    left -= size
    recorded[name] = value instanceof Date ? value.toISOString() : value
  }
  return recorded
}

/** An upper bound of the JSON's length; text may need six characters for one, so long text is measured. */
function sizeOf(value: unknown): number {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value).length + 8
  return typeof value === 'string'
    ? (value.length > 64 ? JSON.stringify(value).length : value.length * 6) + 8
    : 40
}

function valueOf(inputs: PolicyInputs, name: string): unknown {
  const dot = name.indexOf('.')
  const group: unknown = Reflect.get(inputs, name.slice(0, dot))
  return typeof group === 'object' && group !== null ? Reflect.get(group, name.slice(dot + 1)) : undefined
}
