import { z } from 'zod'
import { Instant } from '../bounds.ts'

/** A field of a schema as a column: its JSON path with underscores. */
export interface Column {
  readonly path: readonly string[]
  readonly name: string
  /** `json`: a record of anything, kept as JSON text. */
  readonly kind: 'text' | 'integer' | 'number' | 'flag' | 'instant' | 'list' | 'json'
  /** The field, or an object above it, may be left out; what is absent is '' or NULL or [] in the store. */
  readonly optional: boolean
}

/** An object that may be there without a field. */
export interface OptionalObject {
  readonly path: readonly string[]
  readonly name: string
}

export interface Columns {
  readonly columns: readonly Column[]
  readonly objects: readonly OptionalObject[]
}

/**
 * The columns of a schema of nested objects, in its order. Made from the schema
 * itself, so that a field added there has a column here, and a test fails until
 * a migration adds it to the table. Throws `TypeError` on a type that has no
 * column: a list of objects, a union of objects.
 */
export function columnsOf(schema: z.ZodObject, prefix: readonly string[] = []): Columns {
  const columns: Column[] = []
  const objects: OptionalObject[] = []
  const walk = (object: z.ZodObject, path: readonly string[], optional: boolean) => {
    for (const [key, field] of Object.entries(object.shape)) {
      const here = [...path, key]
      const { inner, mayBeAbsent } = unwrap(field)
      const name = [...prefix, ...here].join('_')
      if (inner instanceof z.ZodObject) {
        if (mayBeAbsent) objects.push({ path: here, name })
        walk(inner, here, optional || mayBeAbsent)
      } else columns.push({ path: here, name, kind: kindOf(inner, name), optional: optional || mayBeAbsent })
    }
  }
  walk(schema, [], false)
  return { columns, objects }
}

function unwrap(field: z.core.$ZodType): { inner: z.core.$ZodType; mayBeAbsent: boolean } {
  let inner = field
  let mayBeAbsent = false
  for (;;) {
    if (inner instanceof z.ZodOptional) mayBeAbsent = true
    else if (!(inner instanceof z.ZodDefault || inner instanceof z.ZodNullable)) return { inner, mayBeAbsent }
    inner = inner.unwrap()
  }
}

function kindOf(type: z.core.$ZodType, name: string): Column['kind'] {
  if (type === Instant) return 'instant'
  if (type instanceof z.ZodArray) {
    if (!isScalar(type.element)) throw new TypeError(`${name}: a list of objects has no column`)
    return 'list'
  }
  if (type instanceof z.ZodRecord) return 'json'
  if (type instanceof z.ZodBoolean) return 'flag'
  if (type instanceof z.ZodNumber) return type.isInt ? 'integer' : 'number'
  if (type instanceof z.ZodLiteral) return typeof type.value === 'number' ? 'integer' : 'text'
  if (isScalar(type)) return 'text'
  throw new TypeError(`${name}: this type has no column`)
}

function isScalar(type: z.core.$ZodType): boolean {
  if (type instanceof z.ZodUnion) return type.options.every(isScalar)
  return type instanceof z.ZodString || type instanceof z.ZodStringFormat || type instanceof z.ZodEnum
}
