import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decisionKey, parseDecision, type Decision } from '../../../schemas/decision.ts'

const minimal: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../golden/v1/decision-minimal.json', import.meta.url), 'utf8'),
)

function parsed(changes: Record<string, unknown>): Decision {
  const { data, error } = parseDecision({ ...minimal, ...changes })
  if (data === undefined) throw error
  return data
}

describe('parseDecision', () => {
  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof parseDecision(value).success === 'boolean'))
  })

  it.each([
    ['a local time', { decided_at: '2026-01-05T08:00:00+01:00' }, 'decided_at'],
    ['a time without milliseconds', { decided_at: '2026-01-05T08:00:00Z' }, 'decided_at'],
    ['a reason outside the list', { reasons: ['because'] }, 'reasons.0'],
    ['an unknown outcome', { outcome: 'allow' }, 'outcome'],
    ['an unknown field inside a known object', { subject: { type: 'user', id: 'a', nick: 'x' } }, 'subject'],
    ['an address that is none', { context: { ip: '300.1.1.1' } }, 'context.ip'],
    ['an id that would break a URL', { id: 'a/b' }, 'id'],
    ['a tenant that would break a key', { tenant: 'a/b' }, 'tenant'],
    ['a subject id beyond its bound', { subject: { type: 'user', id: 'x'.repeat(257) } }, 'subject.id'],
    ['unmapped beyond its bound', { unmapped: { a: 'x'.repeat(9000) } }, 'unmapped'],
  ])('refuses %s and names the field', (_title, changes, path) => {
    const { error } = parseDecision({ ...minimal, ...changes })
    expect(error?.issues.map((issue) => issue.path.join('.'))).toContain(path)
  })

  it('takes unmapped JSON of exactly its bound, whatever it is made of', () => {
    const frame = JSON.stringify({ a: '' }).length
    expect(parsed({ unmapped: { a: 'x'.repeat(8192 - frame) } }).unmapped).toBeDefined()
    expect(parseDecision({ ...minimal, unmapped: { a: 'x'.repeat(8193 - frame) } }).success).toBe(false)
    expect(parseDecision({ ...minimal, unmapped: { a: '"'.repeat(4200) } }).success).toBe(false)
    expect(
      parseDecision({ ...minimal, unmapped: { a: Array.from({ length: 5000 }, () => 0) } }).success,
    ).toBe(false)
  })

  it('keeps an unknown field in unmapped beside what is there', () => {
    expect(parsed({ unmapped: { a: 1 }, later: 2 }).unmapped).toEqual({ a: 1, later: 2 })
  })
})

describe('decisionKey', () => {
  it('keys a known subject by type and id, so that a user and a service of one name stay apart', () => {
    expect(decisionKey(parsed({}))).toBe('default/subject/user:alice')
    expect(decisionKey(parsed({ tenant: 'acme', subject: { type: 'service', id: 'alice' } }))).toBe(
      'acme/subject/service:alice',
    )
  })

  it('keys an anonymous subject by its source address, so that strangers are spread and still ordered', () => {
    const anonymous = { subject: { type: 'anonymous', id: 'anonymous' } }
    expect(decisionKey(parsed({ ...anonymous, context: { ip: '192.0.2.1' } }))).toBe(
      'default/source/192.0.2.1',
    )
    expect(decisionKey(parsed(anonymous))).toBe('default/source/unknown')
  })
})
