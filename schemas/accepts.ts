import { z } from 'zod'
import { isRecord } from './record.ts'

/** Says yes only where zod would: to a value that it would accept and give back equal. */
export type Accepts = (value: unknown) => boolean

/**
 * The quick way past a contract for values that came from `JSON.parse`. It
 * checks what stands instead of building a copy, which is five times as fast
 * as parsing.
 *
 * One side only: yes means that zod accepts the value and would give back an
 * equal one, so it may be used as it is. No says nothing: a default to fill in,
 * a key to move, or a mistake; then zod is asked, and its word counts. It is
 * read off the schema, so that there is one contract; what it does not know
 * (a transform, a format) it hands to zod's own parser, and says yes only where
 * that gives the same value back.
 */
export function accepts(schema: z.core.$ZodType): Accepts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the union of all of zod's own kinds; others fall to `default`
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return def.catchall?._zod.def.type === 'never' && none(def.checks) ? object(def.shape) : byZod(schema)
    case 'array':
      return withChecks(schema, def.checks, array(accepts(def.element)))
    case 'record': {
      const plain = def.keyType._zod.def.type === 'string' && def.valueType._zod.def.type === 'unknown'
      return plain && def.mode === undefined
        ? withChecks(schema, def.checks, record(accepts(def.keyType)))
        : byZod(schema)
    }
    case 'union':
      return none(def.checks) && !def.inclusive ? union(def.options.map(accepts)) : byZod(schema)
    case 'optional':
    case 'default':
      // Absent keys are the object's business; JSON has no undefined.
      return accepts(def.innerType)
    case 'enum':
      return named(schema, Object.values(def.entries))
    case 'literal':
      return oneOf(def.values)
    case 'boolean':
      return (value) => typeof value === 'boolean'
    case 'string':
      return withChecks(schema, def.checks, text(schema))
    case 'number':
      return withChecks(schema, def.checks, number(schema))
    default:
      return byZod(schema)
  }
}

function object(shape: Readonly<Record<string, z.core.$ZodType>>): Accepts {
  const fields = new Map<string, { readonly check: Accepts; readonly required: number }>()
  let required = 0
  for (const [key, schema] of Object.entries(shape)) {
    const needed = schema._zod.def.type === 'optional' ? 0 : 1
    required += needed
    fields.set(key, { check: accepts(schema), required: needed })
  }
  return (value) => {
    if (!isRecord(value)) return false
    let missing = required
    for (const key in value) {
      const field = fields.get(key)
      if (field === undefined || !field.check(value[key])) return false
      missing -= field.required
    }
    return missing === 0
  }
}

function array(element: Accepts): Accepts {
  return (value) => {
    if (!Array.isArray(value)) return false
    for (const each of value) if (!element(each)) return false
    return true
  }
}

function record(key: Accepts): Accepts {
  return (value) => {
    if (!isRecord(value)) return false
    // zod leaves `__proto__` out of its copy, so that one would not be equal.
    for (const each in value) if (each === '__proto__' || !key(each)) return false
    return true
  }
}

function union(options: readonly Accepts[]): Accepts {
  return (value) => {
    for (const option of options) if (option(value)) return true
    return false
  }
}

/** Numbers of an enum come with their names as further entries: left to zod. */
function named(schema: z.core.$ZodType, values: readonly unknown[]): Accepts {
  return values.every((value) => typeof value === 'string') ? oneOf(values) : byZod(schema)
}

function oneOf(values: readonly unknown[]): Accepts {
  const known = new Set(values)
  return (value) => known.has(value)
}

function text(schema: z.core.$ZodType): Accepts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const { def } = (schema as z.core.$ZodString)._zod
  if (def.coerce === true) return byZod(schema)
  if (!('format' in def)) return (value) => typeof value === 'string'
  // zod's IPv4 is its pattern; other formats do more.
  const pattern = def.format === 'ipv4' && 'pattern' in def ? def.pattern : undefined
  return pattern instanceof RegExp ? matches(pattern) : byZod(schema)
}

function number(schema: z.core.$ZodType): Accepts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const { def } = (schema as z.core.$ZodNumber)._zod
  if (def.coerce === true) return byZod(schema)
  if (!('format' in def)) return Number.isFinite
  return def.format === 'safeint' ? Number.isSafeInteger : byZod(schema)
}

/** All checks known: the base and each of them. One unknown: zod decides on this value. */
function withChecks(
  schema: z.core.$ZodType,
  checks: readonly z.core.$ZodCheck[] | undefined,
  base: Accepts,
): Accepts {
  let all = base
  for (const check of checks ?? []) {
    const one = checkOf(check)
    if (one === undefined) return byZod(schema)
    const before = all
    all = (value) => before(value) && one(value)
  }
  return all
}

function checkOf(check: z.core.$ZodCheck): Accepts | undefined {
  if (check._zod.def.check === 'custom') return predicate(check._zod.def)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the union of zod's own checks; others fall to `default`
  const { def } = (check as unknown as z.core.$ZodChecks)._zod
  switch (def.check) {
    case 'min_length':
      // zod counts characters, of two units each at most.
      return (value) => lengthOf(value) >= (def.minimum <= 1 ? def.minimum : def.minimum * 2)
    case 'max_length':
      return (value) => lengthOf(value) <= def.maximum
    case 'greater_than':
      return typeof def.value === 'number' && def.inclusive ? atLeast(def.value) : undefined
    case 'less_than':
      return typeof def.value === 'number' && def.inclusive ? atMost(def.value) : undefined
    case 'string_format':
      return def.format === 'regex' && def.pattern !== undefined && !def.pattern.global && !def.pattern.sticky
        ? matches(def.pattern)
        : undefined
    default:
      return undefined
  }
}

/** A refinement; one that answers later, or not with yes, is left to zod. */
function predicate(def: z.core.$ZodCheckDef): Accepts | undefined {
  const ask: unknown = Reflect.get(def, 'fn')
  return typeof ask === 'function' ? (value) => Reflect.apply(ask, undefined, [value]) === true : undefined
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : Number.NaN
}

function atLeast(least: number): Accepts {
  return (value) => typeof value === 'number' && value >= least
}

function atMost(most: number): Accepts {
  return (value) => typeof value === 'number' && value <= most
}

function matches(pattern: RegExp): Accepts {
  return (value) => typeof value === 'string' && pattern.test(value)
}

/** zod's own word, for a value that it does not copy; a copied one is as good as refused. */
function byZod(schema: z.core.$ZodType): Accepts {
  return (value) => {
    const parsed = z.safeParse(schema, value)
    return parsed.success && Object.is(parsed.data, value)
  }
}

function none(checks: readonly unknown[] | undefined): boolean {
  return checks === undefined || checks.length === 0
}
