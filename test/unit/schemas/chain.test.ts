import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GENESIS, chainHash, personalHash } from '../../../schemas/chain.ts'
import { Decision, type DecisionInput } from '../../../schemas/decision.ts'

const full = Decision.parse(
  JSON.parse(readFileSync(new URL('../../golden/v1/decision-full.json', import.meta.url), 'utf8')),
)
const salt = '00112233445566778899aabbccddeeff'
const hashOf = (decision: DecisionInput, personal = personalHash(decision, salt)): string =>
  chainHash(GENESIS, decision, personal)

describe('the chain of decisions', () => {
  it('does not depend on the order of members', () => {
    const reversed = Object.fromEntries(Object.entries(full).reverse()) as DecisionInput
    expect(hashOf(reversed)).toBe(hashOf(full))
  })

  it.each([
    ['outcome', { outcome: 'permit' }],
    ['decided_at', { decided_at: '2026-01-05T08:00:00.001Z' }],
    ['pep.seq', { pep: { ...full.pep, id: 'gw-1', seq: 42 } }],
    ['subject', { subject: { ...full.subject, id: 'mallory' } }],
    ['context', { context: { ...full.context, ip: '192.0.2.8' } }],
    ['policy.inputs', { policy: { ...full.policy, inputs: { subject: { groups: ['admins'] } } } }],
    ['unmapped', { unmapped: {} }],
  ])('changes when %s is altered', (_field, change) => {
    expect(hashOf({ ...full, ...change } as DecisionInput)).not.toBe(hashOf(full))
  })

  it('changes with the record before it', () => {
    expect(chainHash('1'.repeat(64), full, personalHash(full, salt))).not.toBe(hashOf(full))
  })

  it('still holds when a person is erased: personal fields and salt go, their commitment stays', () => {
    const commitment = personalHash(full, salt)
    const { device: _device, context: _context, unmapped: _unmapped, ...rest } = full
    const erased = {
      ...rest,
      subject: { type: 'user', id: 'erased' },
      policy: { ...full.policy, inputs: undefined },
    } as DecisionInput
    delete erased.policy?.inputs
    expect(hashOf(erased, commitment)).toBe(hashOf(full))
  })

  it.each(['subject', 'device', 'context', 'unmapped'] as const)(
    '%s is personal: it changes the commitment, and the chain only through it',
    (field) => {
      const altered = { ...full, [field]: { id: 'somebody else' } } as DecisionInput
      const commitment = personalHash(full, salt)
      expect(personalHash(altered, salt)).not.toBe(commitment)
      expect(hashOf(altered, commitment)).toBe(hashOf(full))
    },
  )
})
