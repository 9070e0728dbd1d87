import { describe, expect, it } from 'vitest'
import { jsonSchemas } from '../../../schemas/json-schema.ts'

type Node = { readonly [key: string]: unknown }

/** Paths of every string, list and free-form object in a JSON Schema that nothing bounds. */
function unbounded(node: unknown, path: string): string[] {
  if (Array.isArray(node)) return node.flatMap((item, index) => unbounded(item, `${path}/${index}`))
  if (typeof node !== 'object' || node === null) return []
  const schema = node as Node
  const found: string[] = []
  const closed = ['const', 'enum'].some((key) => key in schema)
  if (schema['type'] === 'string' && !closed && !('maxLength' in schema) && !('pattern' in schema))
    found.push(path)
  if (schema['type'] === 'array' && !('maxItems' in schema)) found.push(path)
  if (schema['type'] === 'object' && !('properties' in schema) && !('propertyNames' in schema))
    found.push(path)
  for (const [key, member] of Object.entries(schema))
    if (key !== 'enum') found.push(...unbounded(member, `${path}/${key}`))
  return found
}

describe('contracts are bounded', () => {
  it.each([...jsonSchemas()])(
    '%s: every string has a maximum or a pattern, every list a maximum',
    (_name, text) => {
      expect(unbounded(JSON.parse(text), '')).toEqual([])
    },
  )

  it('would notice an unbounded string or list', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'string', maxLength: 3 } } },
    }
    expect(unbounded(schema, '')).toEqual(['/properties/a', '/properties/b'])
  })
})
