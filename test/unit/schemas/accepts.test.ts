import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { accepts } from '../../../schemas/accepts.ts'
import { Activity } from '../../../schemas/activity.ts'
import { Decision } from '../../../schemas/decision.ts'
import { scoredDecision } from '../../support/events/decision-arbitrary.ts'

/** What zod must say for the quick way to say yes: accepted, and given back equal. */
function keptByZod(schema: z.ZodType, value: unknown): boolean {
  const parsed = schema.safeParse(value)
  return parsed.success && isDeepStrictEqual(parsed.data, value)
}

/** A yes is always zod's; a no is as well, but for long text of characters of two units, which zod counts as one. */
function agrees(said: boolean, schema: z.ZodType, value: unknown): void {
  const kept = keptByZod(schema, value)
  const wide = /[\ud800-\udbff]/.test(JSON.stringify(value))
  expect(said).toBe(wide ? said && kept : kept)
}

/** Values at and past every bound of a contract, and of every wrong kind; as JSON text, since that is where they come from. */
const odd = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '0',
    '-0',
    '-1',
    '0.5',
    '1',
    '99',
    '100',
    '101',
    '999',
    '1000',
    '65535',
    '65536',
    '1e999',
    '-1e999',
    '9007199254740991',
    '9007199254740992',
    '"1"',
    '""',
    '" "',
    '[]',
    '{}',
    '[[]]',
    '{"__proto__":1}',
    '{"__proto__":{"id":"x"}}',
    '{"a":1}',
    '{"prev":"x","hash":"y"}',
    '[null]',
    '"2026-01-31T09:30:00.000Z"',
    '"2026-02-30T09:30:00.000Z"',
    '"2026-01-31T09:30:00.000Z\\n"',
    '"2026-01-31T24:00:00.000Z"',
    '"192.0.2.1"',
    '"192.0.2.256"',
    '"2001:db8::1"',
    '"::ffff:192.0.2.1"',
    '"2001:db8::g"',
    '"permit"',
    '"Permit"',
    '"deny"',
    '"toString"',
    '"user"',
    '"policy_deny"',
    '"LOW"',
    '"\\ud800"',
    '"\\u0000"',
    '"a/b"',
    '"import"',
    '"high"',
    '"privileged"',
    '"enforce"',
  ),
  fc
    .constantFrom(
      0,
      1,
      8,
      16,
      31,
      32,
      62,
      63,
      64,
      65,
      127,
      128,
      129,
      256,
      257,
      300,
      301,
      512,
      513,
      1024,
      1025,
    )
    .chain((length) =>
      fc.constantFrom(
        JSON.stringify('a'.repeat(length)),
        JSON.stringify('0'.repeat(length)),
        JSON.stringify('A'.repeat(length)),
        JSON.stringify('😀'.repeat(Math.floor(length / 2))),
        JSON.stringify(Array.from({ length: Math.min(length, 80) }, () => 'policy_deny')),
      ),
    ),
  fc.constantFrom(2048, 2049, 8000, 8186, 8192, 8193).chain((length) => {
    const text = 'x'.repeat(length)
    return fc.constantFrom(JSON.stringify(text), JSON.stringify({ a: text }), JSON.stringify({ [text]: 1 }))
  }),
  fc.json(),
)

/** A decision as JSON text with some of its parts replaced, left out or added. */
function mutated(original: unknown, changes: readonly { at: number; what: number; by: string }[]): unknown {
  const root: unknown = JSON.parse(JSON.stringify(original))
  for (const { at, what, by } of changes) {
    const places: { holder: object; key: string }[] = []
    const visit = (holder: unknown): void => {
      if (typeof holder !== 'object' || holder === null) return
      for (const key of Object.keys(holder)) {
        places.push({ holder, key })
        visit(Reflect.get(holder, key))
      }
    }
    visit(root)
    const place = places[at % places.length]
    if (place === undefined) continue
    const { holder, key } = place
    if (Array.isArray(holder)) {
      if (what === 1) holder.splice(Number(key), 1)
      else holder.splice(Number(key), what === 2 ? 0 : 1, JSON.parse(by))
    } else if (what === 1) Reflect.deleteProperty(holder, key)
    else {
      // Defined, as JSON.parse does: an assignment to `__proto__` would set the prototype.
      Object.defineProperty(holder, what === 2 ? (ADDED[at % ADDED.length] ?? key) : key, {
        value: JSON.parse(by) as unknown,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
  }
  return root
}

const ADDED = ['extra', '__proto__', 'unmapped', 'id']

const changes = fc.array(fc.record({ at: fc.nat(200), what: fc.nat(3), by: odd }), {
  minLength: 1,
  maxLength: 2,
})

describe('accepts', () => {
  const decision = accepts(Decision)

  it('says yes to every decision that zod leaves as it is', () => {
    fc.assert(
      fc.property(scoredDecision, (scored) => {
        fc.pre(!JSON.stringify(scored).includes('"__proto__"'))
        expect(decision(scored.decision)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('says of changed decisions what zod says', () => {
    let yes = 0
    let no = 0
    fc.assert(
      fc.property(scoredDecision, changes, (scored, some) => {
        const value = mutated(scored.decision, some)
        const said = decision(value)
        if (said) yes += 1
        else no += 1
        agrees(said, Decision, value)
      }),
      { numRuns: 4000 },
    )
    // Both answers came up, or the property says nothing.
    expect(Math.min(yes, no)).toBeGreaterThan(300)
  })

  it('says of changed slim records what zod says', () => {
    const activity = accepts(Activity)
    const original: Activity = {
      schema_version: 1,
      tenant: 'default',
      origin: 'live',
      entity: { type: 'source', id: '192.0.2.0/24' },
      decision_id: 'd-1',
      decided_at: '2026-01-05T08:00:00.000Z',
      outcome: 'deny',
      reasons: ['credentials_rejected'],
      subject: 'user:alice',
      session_id: 's',
      action: 'login',
      resource_type: 'app',
      resource_id: '/',
      app: 'wiki',
      sensitivity: 'low',
      ip: '192.0.2.1',
      asn: 64500,
      country: 'DE',
      network_kind: 'access',
      user_agent_family: 'Firefox',
    }
    expect(activity(original)).toBe(true)
    fc.assert(
      fc.property(changes, (some) => {
        const value = mutated(original, some)
        agrees(activity(value), Activity, value)
      }),
      { numRuns: 2000 },
    )
  })

  it.each<[title: string, schema: z.ZodType, no: unknown]>([
    ['a transform', z.strictObject({ a: z.string().transform((text) => text.trim()) }), { a: ' x' }],
    ['a coercion', z.strictObject({ a: z.coerce.number() }), { a: '1' }],
    ['a default that is missing', z.strictObject({ a: z.string().default('x') }), {}],
    ['a trimmed text', z.strictObject({ a: z.string().trim() }), { a: ' x ' }],
    ['a key that is dropped', z.object({ a: z.string() }), { a: 'x', b: 1 }],
    ['a refinement of the whole', z.strictObject({ a: z.string() }).refine(() => false), { a: 'x' }],
    ['a refinement that fails', z.strictObject({ a: z.string().refine((t) => t === 'y') }), { a: 'x' }],
    ['an exclusive bound', z.strictObject({ a: z.number().gt(1) }), { a: 1 }],
    ['a least length in characters', z.strictObject({ a: z.string().min(2) }), { a: '😀' }],
    ['a step', z.strictObject({ a: z.number().multipleOf(2) }), { a: 3 }],
    ['another format', z.strictObject({ a: z.uuid() }), { a: 'x' }],
    ["an enum's numbers by name", z.strictObject({ a: z.enum({ One: 1, Two: 2 }) }), { a: 'One' }],
    ['a set', z.strictObject({ a: z.array(z.string()).length(2) }), { a: ['x'] }],
    ['a record with named keys', z.record(z.enum(['a', 'b']), z.unknown()), { a: 1 }],
    ['a caught mistake', z.strictObject({ a: z.string().catch('x') }), { a: 1 }],
  ])('leaves %s to zod', (_title, schema, no) => {
    expect(keptByZod(schema, no)).toBe(false)
    expect(accepts(schema)(no)).toBe(false)
  })

  it('answers alike every time where a pattern remembers its place', () => {
    const check = accepts(z.string().regex(/a/g))
    expect([check('ba'), check('ba'), check('ba')]).toEqual([true, true, true])
  })
})
