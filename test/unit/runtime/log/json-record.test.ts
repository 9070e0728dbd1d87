import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accessScored, control } from '../../../../schemas/topics.ts'
import {
  deadLetterRecord,
  jsonRecord,
  MAX_JSON_BYTES,
  parseJson,
} from '../../../../services/runtime/log/json-record.ts'

const heartbeat = {
  schema_version: 1 as const,
  kind: 'heartbeat' as const,
  tenant: 'default',
  name: 'pep/edge',
  at: '2026-01-01T00:00:00.000Z',
  pep_id: 'edge',
  boot_id: 'b1',
  seq: 7,
  policy_revision: 'r1',
  risk_age_ms: 3,
}

it('is a CloudEvent in binary mode', () => {
  const record = jsonRecord(control, heartbeat, { ce_id: 'given' })
  expect(record.key).toBe('default/pep/edge')
  expect(JSON.parse(String(record.value))).toEqual(heartbeat)
  expect(record.headers).toEqual({
    ce_id: 'given',
    ce_source: 'gatewatch',
    ce_specversion: '1.0',
    ce_type: 'control.v1',
    ce_time: heartbeat.at,
    'content-type': 'application/json',
  })
})

it('names a value without an id by its content, so that a repeat has the same name', () => {
  const [one, same, other] = [heartbeat, heartbeat, { ...heartbeat, seq: 8 }].map((value) =>
    jsonRecord(control, value),
  )
  expect(one?.headers?.['ce_id']).toMatch(/^[0-9a-f]{32}$/)
  expect(same?.headers?.['ce_id']).toBe(one?.headers?.['ce_id'])
  expect(other?.headers?.['ce_id']).not.toBe(one?.headers?.['ce_id'])
})

it('reads what it wrote', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(parseJson({ value: Buffer.from(json) })).toEqual({ kind: 'ok', value: JSON.parse(json) })
    }),
  )
})

it('gives a reason for any bytes that are not JSON, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(['ok', 'dead-letter']).toContain(parseJson({ value: bytes }).kind)
    }),
  )
  expect(parseJson({ value: null })).toMatchObject({ reason: 'no-value' })
  expect(parseJson({ value: Buffer.from([0xff, 0xfe]) })).toMatchObject({ reason: 'invalid-utf8' })
  expect(parseJson({ value: Buffer.from('{') })).toMatchObject({ reason: 'invalid-json' })
  expect(parseJson({ value: new Uint8Array(MAX_JSON_BYTES + 1) })).toMatchObject({ reason: 'too-large' })
})

it('puts the original bytes aside with where they came from and why', () => {
  const value = Buffer.from([1, 2, 3])
  const record = { key: 'k', value, offset: 42, headers: { ce_id: 'x' } }
  const letter = deadLetterRecord(accessScored, 3, record, {
    reason: 'invalid-json',
    detail: 'y'.repeat(1000),
  })
  expect(letter.topic.name).toBe('access.scored.v1.dead-letter')
  expect(letter.value).toBe(value)
  expect(letter.headers).toEqual({
    ce_id: 'x',
    reason: 'invalid-json',
    detail: 'y'.repeat(500),
    'source-topic': 'access.scored.v1',
    'source-partition': '3',
    'source-offset': '42',
  })
})
