import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { jsonSchemas } from '../../../schemas/json-schema.ts'

const folder = new URL('../../../schemas/json/', import.meta.url)

describe('schemas/json', () => {
  // UPDATE_JSON_SCHEMAS=1 npm test -- test/unit/schemas writes them anew.
  if (process.env['UPDATE_JSON_SCHEMAS'] === '1') {
    for (const [name, text] of jsonSchemas()) writeFileSync(new URL(name, folder), text)
  }

  it('holds exactly the contracts, none left over', () => {
    expect(readdirSync(folder).sort()).toEqual([...jsonSchemas().keys()].sort())
  })

  it.each([...jsonSchemas()])('%s is fresh', (name, text) => {
    expect(readFileSync(new URL(name, folder), 'utf8')).toBe(text)
  })
})
