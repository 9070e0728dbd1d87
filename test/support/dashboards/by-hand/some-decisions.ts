import type { Decision } from '../../../../schemas/decision.ts'
import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { sampleScored } from '../../events/samples.ts'

const DAY_MS = 86_400_000
export const DAYS = 4
/** A name that breaks what is put together from text. */
export const ODD = `it's "x" \\ \n🙂, a`
const NAMES = ['alice', 'bob', 'carol', 'dave', ODD]
const APPS = ['records', 'payroll', 'wiki', ODD]
const PLACES = [
  { prefix: '192.0.2.0/24', city: 'Lisbon', country: 'PT', latitude: 38.7, longitude: -9.1, as_org: 'One' },
  { prefix: '198.51.100.0/24', city: 'Porto', country: 'PT', latitude: 41.1, longitude: -8.6, as_org: 'Two' },
  { prefix: '203.0.113.0/24', city: ODD, country: 'FR', latitude: 48.8, longitude: 2.3, as_org: ODD },
  { prefix: '', city: '', country: '', latitude: null, longitude: null, as_org: '' },
]
const REFUSALS: readonly NonNullable<Decision['reasons']>[] = [
  ['policy_deny'],
  ['credentials_rejected'],
  ['mfa_rejected', 'account_locked'],
  ['no_rule_matched'],
  ['risk_high'],
  ['step_up_required', 'authentication_too_old'],
]

/** How long after it was made each is stored. */
export const delayMs = ({ decision }: ScoredDecision) => 1000 + (Date.parse(decision.decided_at) % 7) * 100

/**
 * So many decisions of the four days before a midnight: of every kind, at odd
 * milliseconds, with gaps in the numbers of their gateways, some of another
 * tenant. The same in every run but for the day.
 */
export function someDecisions(midnightMs: number, count: number): readonly ScoredDecision[] {
  const { chance, one, below } = dice(7)
  const borders = Array.from({ length: DAYS }, (_, day) => midnightMs - (day + 1) * DAY_MS)
  const times = [
    // On a midnight, and within its first second.
    ...borders.flatMap((border) => [border, border + 200, border + 999]),
    ...Array.from({ length: count }, () => midnightMs - 1 - below(DAYS * DAY_MS)),
  ].sort((a, b) => a - b)
  const numbers = new Map<string, number>()
  const nextOf = (gateway: string) => {
    const seq = (numbers.get(gateway) ?? 0) + (chance(0.01) ? 2 : 0)
    numbers.set(gateway, seq + 1)
    return seq
  }
  return times.map((at, i) => {
    const name = one(NAMES)
    const type = one(['anonymous', 'service', ...Array<'user'>(12).fill('user')] as const)
    const id = type === 'anonymous' ? type : name
    const place = chance(0.7) ? (PLACES[NAMES.indexOf(name) % 2] ?? one(PLACES)) : one(PLACES)
    const outcome = chance(0.7) ? 'permit' : one(['deny', 'step_up', 'revoke', 'error_closed', 'error_open'])
    const isBlind = outcome.startsWith('error')
    const app = one(APPS)
    const boot = i * 2 < count ? 'boot-1' : 'boot-2'
    const gateway = chance(0.3) ? 'gw-1' : 'gw-0'
    const seq = nextOf(`${gateway}/${boot}`)
    const day = Math.floor(at / DAY_MS)
    const { decision } = sampleScored({
      id: `d-${i}`,
      decided_at: new Date(at).toISOString(),
      tenant: chance(0.06) ? 'other' : 'default',
      origin: chance(0.1) ? 'import' : 'live',
      outcome,
      reasons: isBlind
        ? chance(0.2)
          ? []
          : ['policy_error']
        : outcome === 'permit'
          ? ['policy_permit', ...(chance(0.05) ? (['risk_stale'] as const) : [])]
          : one(REFUSALS),
      subject: {
        type,
        id,
        ...(type !== 'anonymous' &&
          chance(0.9) && { session_id: `s-${type}-${id}-${day}-${one(['a', 'b'])}` }),
        ...(type === 'user' && chance(0.8) && { groups: [name, 'staff'] }),
        ...(chance(0.5) && { amr: one([['pwd', 'otp'], ['hwk']]) }),
        idp: 'idp-1',
        acr: one(['aal1', 'aal2']),
        authenticated_at: new Date(day * DAY_MS).toISOString(),
      },
      device: chance(0.8)
        ? {
            id: chance(0.9) ? `laptop-${name}` : 'kiosk',
            os: 'Linux',
            posture: chance(0.8) ? 'compliant' : 'not_compliant',
            ...(chance(0.8) && { managed: chance(0.8) }),
            ...(chance(0.7) && { tier: one(['basic', 'privileged']) }),
          }
        : {},
      action: { name: one(['read', 'read', 'write']) },
      resource: {
        type: 'http',
        id: `/${app}/${i % 3}`,
        app,
        ...(chance(0.7) && { path_template: `/${app}/{id}` }),
      },
      context: {
        ...(place.prefix !== '' && { ip: place.prefix.replace('0/24', String(1 + (i % 9))) }),
        ...(chance(0.9) && { tls_fingerprint: chance(0.95) ? 't13-1' : 't13-2' }),
      },
      pep: { id: gateway, boot_id: boot, seq, kind: 'proxy', version: i * 3 < count ? '1.0' : '1.1' },
      // A link of a chain: every 64th number keeps a hash.
      chain: { prev: 'a'.repeat(64), salt: 'b'.repeat(32), hash: 'c'.repeat(64) },
      policy: {
        // One revision after the other, the second from the third day on.
        ...(chance(0.97) && {
          revision: at < midnightMs - 1.6 * DAY_MS ? 'revision-one-of-a-long-name' : 'revision-two',
        }),
        ...(chance(0.9) && { rule_id: one(['staff', 'finance', ODD]) }),
        route_id: `route-${app}`,
        enforcement: 'enforce',
        ...(chance(0.2) && {
          shadow: { revision: 'shadow-of-a-long-name', outcome: one(['permit', 'deny']) },
        }),
      },
      ...(chance(0.05) && { caused_by: 'risk_feedback' }),
      ...(chance(0.1) && { would_be: one(['permit', 'deny', 'step_up']) }),
    })
    const { latency_us: _latency, risk_at_decision: _risk, ...known } = decision
    return {
      decision: {
        ...known,
        ...(chance(0.9) && { latency_us: 100 + below(5000) }),
        ...(chance(0.8) && {
          risk_at_decision: { score: below(100), level: 'LOW', revision: 1, age_ms: below(70_000) },
        }),
      },
      enrichment: {
        source: {
          ...place,
          region: '',
          accuracy_km: place.prefix === '' ? 0 : 10 + (i % 5),
          asn: 64500,
          network_kind: 'access',
        },
        user_agent: {
          family: chance(0.8) ? 'Firefox' : 'curl',
          major: chance(0.9) ? '140' : '141',
          os: chance(0.9) ? 'Linux' : 'Windows',
          device_type: 'desktop',
        },
        resource: { sensitivity: 'medium' },
      },
      scores: {
        ...(chance(0.5) && { 'unfamiliar-context': 0.25 * below(40) }),
        ...(chance(0.2) && { volume: 0.25 * below(40) }),
        ...(chance(0.1) && {
          'impossible-travel': 1,
          'impossible-travel.ungated': 12,
          [`impossible-travel.gate.${chance(0.5) ? 'carrier' : 'relay'}`]: 0.125 * below(8),
        }),
      },
    }
  })
}

/** Throws that are the same in every run (mulberry32). */
function dice(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (most: number) => Math.floor(next() * most)
  const one = <const T>(of: readonly T[]): T => {
    const picked = of[below(of.length)]
    if (picked === undefined) throw new Error('there is nothing to pick from')
    return picked
  }
  return { below, one, chance: (share: number) => next() < share }
}
