import type { DecisionInput } from '../../../schemas/decision.ts'

type Unmapped = NonNullable<DecisionInput['unmapped']>

/** Characters of JSON that one decision keeps of a foreign record; the schema's own bound is 8192. */
const BUDGET = 4096
/** Longest single value; what is longer says little and crowds out the rest. */
const VALUE_LIMIT = 1024

/**
 * Keeps fields that have no place in a decision: those of `first`, then those
 * of `rest`, while they fit. Empty ones are not kept. How many did not fit is
 * kept as `fields_left_out`, so that nobody takes the rest for the whole.
 */
export function keep(first: Record<string, unknown>, rest: Record<string, unknown> = {}): Unmapped {
  const kept: Unmapped = {}
  let used = 32
  let leftOut = 0
  for (const [key, value] of [...Object.entries(first), ...Object.entries(rest)]) {
    if (isEmpty(value) || Object.hasOwn(kept, key)) continue
    const length = JSON.stringify(value).length
    const size = length + JSON.stringify(key).length + 2
    if (length > VALUE_LIMIT || key.length > 256 || key === '__proto__' || used + size > BUDGET) {
      leftOut += 1
      continue
    }
    kept[key] = value
    used += size
  }
  if (leftOut > 0) kept['fields_left_out'] = leftOut
  return kept
}

/** The members that have no place of their own. */
export function others(
  record: Readonly<Record<string, unknown>>,
  placed: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !placed.has(key)))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === '[]' || value === '{}') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const SECRET =
  /^(?:(?:proxy[-_])?authorization|(?:set[-_])?cookie|passw(?:or)?d|(?:client[-_])?secret|(?:x[-_])?api[-_]?key|jwt|(?:id|access|refresh|session|bearer)?[-_]?token)$/i

/**
 * A foreign record without what lets its reader act as somebody: headers with
 * credentials, cookies, tokens, passwords. Such members are dropped at any
 * depth, by name; `secrets_left_out` says how many.
 */
export function withoutSecrets(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  let dropped = 0
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    return cleanObject(value)
  }
  const cleanObject = (object: object): Record<string, unknown> => {
    const kept: Record<string, unknown> = Object.create(null)
    for (const [key, value] of Object.entries(object)) {
      if (SECRET.test(key.slice(key.lastIndexOf('.') + 1))) dropped += 1
      else kept[key] = clean(value)
    }
    return kept
  }
  const kept = cleanObject(record)
  if (dropped > 0) kept['secrets_left_out'] = dropped
  return kept
}
