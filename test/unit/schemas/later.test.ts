import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHash, erased, GENESIS, isErased, personalHash } from '../../../schemas/chain.ts'
import { Control } from '../../../schemas/control.ts'
import { asChained, Decision, parseDecision, type DecisionInput } from '../../../schemas/decision.ts'
import { Finding } from '../../../schemas/finding.ts'
import { putBack, readEvent, understand } from '../../../schemas/later.ts'

const golden = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../golden/v1/${name}.json`, import.meta.url), 'utf8'))

/** A decision as a later version writes and chains it: with what it put where. */
function ofALaterVersion(added: Record<string, unknown>, without?: string): Record<string, unknown> {
  const { chain: _chain, ...known } = golden('decision-full')
  const decision = putBack(known, added)
  if (without !== undefined) delete decision[without]
  const event = decision as unknown as DecisionInput
  const salt = '0f'.repeat(16)
  const personal_hash = personalHash(event, salt)
  const hash = chainHash(GENESIS, event, personal_hash)
  return { ...decision, chain: { prev: GENESIS, salt, personal_hash, hash } }
}

const isWhole = (decision: Decision): boolean => {
  const { chain } = decision
  if (chain?.salt === undefined)
    return chain?.hash === chainHash(GENESIS, decision, chain?.personal_hash ?? '')
  const personal = personalHash(decision, chain.salt)
  return personal === chain.personal_hash && chainHash(GENESIS, decision, personal) === chain.hash
}

const additions: readonly [what: string, added: Record<string, unknown>, without?: string][] = [
  ['a field', { '/weather': { wind: [1, 2] } }],
  ['a field of an object', { '/context/ja5': 'q9' }],
  ['a field deep down', { '/context/http/h3': true }],
  ['a field whose name holds / and ~', { '/context/a~1b~0c': 1 }],
  ['reasons', { '/reasons': ['too_windy', 'policy_permit', 'too_wet', 'policy_deny'] }],
  ['a value of an optional field', { '/device/posture': 'rusty' }],
  ['a field beside an empty unmapped', { '/unmapped': {}, '/weather': 1 }],
  ['a field beside no unmapped', { '/weather': 1 }, 'unmapped'],
]

/** As this version reads it. */
function read(written: Record<string, unknown>): Decision {
  const { data } = parseDecision(written)
  if (data === undefined) throw new Error('it was not understood')
  return data
}

/** The same, with what was set aside in the place of what is there. */
const withLater = (decision: Decision, later: Record<string, unknown>): Decision => ({
  ...decision,
  unmapped: { ...decision.unmapped, later },
})

describe('an older reader of a decision that a later version chained', () => {
  it.each(additions)(
    'with %s new keeps it, and the chain is whole, from the log and from the store',
    (_what, added, without) => {
      const written = ofALaterVersion(added, without)
      expect(Decision.safeParse(written).success).toBe(false)
      const decision = read(written)
      expect(Decision.parse(decision)).toEqual(decision)
      expect(asChained(decision)).toEqual(written)
      expect(isWhole(decision)).toBe(true)
      expect(isWhole(Decision.parse(JSON.parse(JSON.stringify(decision))))).toBe(true)
    },
  )

  it.each(additions)(
    'with %s new can erase its person, and the chain stays whole',
    (_what, added, without) => {
      const gone = erased(read(ofALaterVersion(added, without)))
      expect(isErased(gone)).toBe(true)
      expect(isWhole(gone)).toBe(true)
      expect(JSON.stringify(gone)).not.toMatch(/ja5|rusty/)
    },
  )

  it('keeps the reasons that it knows', () => {
    const reasons = ['too_windy', 'policy_permit', 'policy_permit', 'too_wet', 'policy_deny']
    expect(read(ofALaterVersion({ '/reasons': reasons })).reasons).toEqual([
      'policy_permit',
      'policy_permit',
      'policy_deny',
    ])
  })

  it.each<[what: string, alter: (decision: Decision) => Decision]>([
    [
      'a field of this version is moved aside',
      (decision) => {
        const { ip, ...context } = decision.context ?? {}
        return withLater({ ...decision, context }, { '/weather': 1, '/context/ip': ip })
      },
    ],
    ['what was set aside is altered', (decision) => withLater(decision, { '/weather': 2 })],
    ['what was set aside is removed', (decision) => withLater(decision, {})],
    ['something is put to it', (decision) => withLater(decision, { '/weather': 1, '/x': 1 })],
  ])('shows when %s in the store', (_what, alter) => {
    const decision = read(ofALaterVersion({ '/weather': 1 }))
    expect(isWhole(decision)).toBe(true)
    expect(isWhole(Decision.parse(alter(decision)))).toBe(false)
  })

  it.each<[what: string, added: Record<string, unknown>]>([
    ['another major version', { '/schema_version': 2 }],
    ['a required value that is new', { '/outcome': 'maybe' }],
    ['a required field of another type', { '/id': 17 }],
    ['more set aside than unmapped may hold', { '/weather': 'w'.repeat(9000) }],
  ])('refuses %s', (_what, added) => {
    expect(parseDecision(ofALaterVersion(added)).success).toBe(false)
  })

  it('refuses a foreign decision with a mistake inside a known object, as ever', () => {
    const { chain: _chain, ...foreign } = golden('decision-full')
    expect(parseDecision({ ...foreign, context: { ipp: '192.0.2.1' } }).success).toBe(false)
    expect(parseDecision({ ...foreign, weather: 1 }).data?.unmapped).toMatchObject({ weather: 1 })
  })
})

describe('an older reader of any other event', () => {
  it('reads what it knows of it', () => {
    const finding = golden('finding')
    expect(readEvent(Finding, { ...finding, weight: 3 })).toEqual(finding)
    const heartbeat = golden('control-heartbeat')
    expect(readEvent(Control, { ...heartbeat, uptime_ms: 3 })).toEqual(heartbeat)
    expect(readEvent(Control, { ...heartbeat, kind: 'of_a_later_version' })).toBeUndefined()
    expect(readEvent(Finding, { ...finding, schema_version: 2 })).toBeUndefined()
    expect(readEvent(Finding, 'text')).toBeUndefined()
  })

  it('sets aside exactly what is put back, whatever it is called and wherever it lies', () => {
    const known = golden('decision-full')
    const places = [[], ['context'], ['context', 'http'], ['device'], ['resource'], ['subject']] as const
    const addition = fc.tuple(
      fc.constantFrom(...places),
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.array(addition, { minLength: 1, maxLength: 4 }), (list) => {
        const value = structuredClone(known)
        for (const [path, key, member] of list) {
          let holder = value
          for (const step of path) holder = holder[step] as Record<string, unknown>
          fc.pre(key !== '__proto__' && !Object.hasOwn(holder, key))
          holder[key] = member
        }
        const understood = understand(Decision, value)
        expect(understood?.value).toEqual(known)
        expect(putBack(understood?.value ?? {}, understood?.later ?? {})).toEqual(value)
      }),
      { numRuns: 200 },
    )
  })
})
