import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decision } from '../../../../schemas/decision.ts'
import { decisionsReader } from '../../../../services/collector/formats/decisions.ts'

const EVENT = {
  schema_version: 1,
  id: 'd-1',
  decided_at: '2024-07-10T11:42:23.000Z',
  outcome: 'deny',
  tenant: 'acme',
  subject: { type: 'user', id: 'alice' },
  action: { name: 'GET' },
  resource: { type: 'http', id: '/records/7' },
  pep: { id: 'gw-1', boot_id: 'b', seq: 4 },
  chain: { prev: '0'.repeat(64), salt: 'a'.repeat(32), personal_hash: '1'.repeat(64), hash: '2'.repeat(64) },
}

describe('decisions', () => {
  it('keeps the event, and what the import replaces under `imported`, without the salt', () => {
    const reading = decisionsReader().read(JSON.stringify({ ...EVENT, novelty: 7 }))
    expect(reading.kind === 'ok' ? reading.value : reading).toEqual([
      {
        schema_version: 1,
        decided_at: EVENT.decided_at,
        outcome: 'deny',
        subject: EVENT.subject,
        action: EVENT.action,
        resource: EVENT.resource,
        unmapped: {
          imported: { id: 'd-1', tenant: 'acme', pep: EVENT.pep, chain_hash: '2'.repeat(64) },
          later: { '/novelty': 7 },
        },
      },
    ])
  })

  it('an event without an id may come', () => {
    const { id: _id, tenant: _tenant, pep: _pep, chain: _chain, ...bare } = EVENT
    const reading = decisionsReader().read(JSON.stringify(bare))
    expect(reading.kind === 'ok' ? reading.value[0]?.unmapped : reading).toEqual({})
  })

  it.each([
    ['another version', { ...EVENT, schema_version: 2 }, /schema_version/],
    ['an outcome that nobody knows', { ...EVENT, outcome: 'maybe' }, /outcome/],
    ['an id that is a number', { ...EVENT, id: 7 }, /id/],
  ])('%s is put aside, and the field is named', (_title, event, detail) => {
    const reading = decisionsReader().read(JSON.stringify(event))
    expect(reading).toMatchObject({ kind: 'dead-letter', reason: 'record_invalid' })
    expect(reading.kind === 'dead-letter' ? reading.detail : '').toMatch(detail)
  })

  it('a value that nests without end is put aside, not followed', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    for (const text of [deep, `{"unmapped":{"x":${deep}},"requestParameters":${deep}}`]) {
      expect(decisionsReader().read(text)).toMatchObject({ kind: 'dead-letter', reason: 'json_invalid' })
    }
  })

  it('never throws, and what it accepts is a decision', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc
        .record(Object.fromEntries(Object.keys(EVENT).map((key) => [key, fc.jsonValue()])), {
          requiredKeys: [],
        })
        .map((members) => ({ ...EVENT, ...members })),
      fc.dictionary(fc.string(), fc.jsonValue()).map((extra) => ({ ...extra, ...EVENT })),
    )
    fc.assert(
      fc.property(value, (event) => {
        const reading = decisionsReader().read(JSON.stringify(event))
        if (reading.kind !== 'ok') return
        for (const draft of reading.value)
          expect(Decision.safeParse({ ...draft, id: 'x' }).error).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})
