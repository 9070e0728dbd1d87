import { isObject, isTooDeep, type JsonObject } from './json.ts'

/** Members whose value is an object that we read into. */
const NESTED = new Set(['status', 'devicedetail'])
/** Members that Log Analytics writes as JSON in a string. */
const ENCODED = new Set([
  'status',
  'devicedetail',
  'locationdetails',
  'authenticationdetails',
  'conditionalaccesspolicies',
])

/**
 * A sign-in under lower-case names, whichever of the three ways it was exported:
 * `properties` of a diagnostic record are put beside its own members (its own
 * win), and members that came as JSON in a string are parsed.
 */
export function entraFields(object: JsonObject): JsonObject {
  const row: Record<string, unknown> = Object.create(null)
  const properties = isObject(object['properties']) ? object['properties'] : undefined
  for (const source of [properties, object]) {
    if (source === undefined) continue
    for (const [key, value] of Object.entries(source)) {
      const name = key.toLowerCase()
      if (name === 'properties' && value === properties) continue
      if (value === null || value === '') continue
      const decoded = ENCODED.has(name) ? decode(value) : value
      row[name] = NESTED.has(name) && isObject(decoded) ? lowerCased(decoded) : decoded
    }
  }
  return row
}

function decode(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value) || isTooDeep(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function lowerCased(object: JsonObject): JsonObject {
  const lower: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(object)) lower[key.toLowerCase()] = value
  return lower
}
