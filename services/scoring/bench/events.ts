import type { DecisionInput } from '../../../schemas/decision.ts'
import { seededNumbers } from '../../runtime/seeded-numbers.ts'

/** Where the bench's time begins. */
const START_MS = Date.parse('2026-01-05T08:00:00.000Z')
const REVISION = hex(7, 16)
const APPS = ['wiki', 'records', 'deploy', 'mail', 'crm', 'billing', 'search', 'admin'] as const
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT'] as const
const SYSTEMS = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
] as const

export interface EventsOptions {
  readonly subjects: number
  /** Event time from one decision to the next, in ms. */
  readonly everyMs: number
}

/** How often somebody seems to be on another continent: a tunnel, a phone abroad, or a thief. */
const ELSEWHERE = 0.002

/**
 * Decisions of a middle-sized company, field for field what our gateway writes
 * for a person with a session (1.6 KB) and a known device (0.1 KB more): people
 * with one to three networks near each other and browsers of their own, spread
 * over the address space, groups, sessions, devices and a route table; 3 %
 * refused, 0.2 % from far away. Seeded: the same numbers give the same
 * decisions.
 */
export function* events(count: number, { subjects, everyMs }: EventsOptions): Generator<DecisionInput> {
  const random = seededNumbers(42)
  for (let index = 0; index < count; index++) {
    const who = Math.floor(random() ** 1.5 * subjects)
    const place = Math.floor(random() ** 3 * 3)
    const app = APPS[(who + Math.floor(random() ** 2 * 4)) % APPS.length] ?? 'wiki'
    const page = Math.floor(random() ** 2 * 12)
    const atMs = START_MS + index * everyMs
    const refused = random() < 0.03
    const groups = [`team-${who % 40}`, `site-${who % 7}`, 'staff']
    yield {
      schema_version: 1,
      id: `3f2e2eb75835bd64-${index}`,
      tenant: 'default',
      origin: 'live',
      decided_at: new Date(atMs).toISOString(),
      outcome: refused ? 'deny' : 'permit',
      reasons: [refused ? 'policy_deny' : 'policy_permit'],
      policy: {
        revision: REVISION,
        rule_id: `rule-${page}`,
        route_id: `${app}-${page}`,
        enforcement: 'enforce',
        inputs: {
          'subject.type': 'user',
          'subject.groups': groups,
          'risk.source_level': 'LOW',
          'risk.level': 'LOW',
          'risk.revoke': false,
          'risk.withheld': false,
          'risk.age_ms': 40,
        },
      },
      subject: {
        type: 'user',
        id: `person-${who}@example.org`,
        session_id: `${hex(who, 8)}-4b64-4a24-a02a-${hex(place, 4)}${hex(Math.floor(index / 200_000), 8)}`,
        groups,
        idp: 'https://id.example.org',
        acr: 'urn:example:silver',
        amr: ['pwd', 'otp'],
        authenticated_at: new Date(atMs - 3_600_000).toISOString(),
      },
      device: {
        id: `device-${who}-${place}`,
        managed: true,
        os: 'Linux',
        posture: 'compliant',
        tier: 'privileged',
      },
      action: { name: METHODS[page % METHODS.length] ?? 'GET' },
      resource: {
        type: 'http',
        id: `/${app}/items/${Math.floor(random() * 5000)}`,
        app,
        path_template: `/${app}/${page}/{id}`,
        sensitivity: page > 9 ? 'high' : 'medium',
        required_tier: 'basic',
      },
      trust: { tier: 'basic' },
      risk_at_decision: { score: 2, level: 'LOW', revision: 0, age_ms: 40 },
      context: {
        ip: addressOf(random() < ELSEWHERE ? who + subjects : who, place, random()),
        user_agent: agentOf(who, place),
        http: {
          host: `${app}.example.org`,
          method: 'GET',
          path: `/${app}/${page}`,
        },
      },
      latency_us: 180,
      pep: { id: 'gateway', kind: 'gatewatch', boot_id: '3f2e2eb75835bd64', seq: index, version: '0.1.0' },
      chain: {
        prev: hex(index, 64),
        salt: hex(index + 2, 32),
        personal_hash: hex(index + 3, 64),
        hash: hex(index + 1, 64),
      },
    }
  }
}

/** Three addresses a network; the networks of one person are neighbours, as their home, office and phone are in one town. */
function addressOf(who: number, place: number, drawn: number): string {
  const word = Math.imul(who + 1, 0x9e3779b1) >>> 0
  return `${1 + (word % 220)}.${(word >>> 8) & 255}.${((word >>> 16) & 252) + place}.${1 + Math.floor(drawn * 3)}`
}

function agentOf(who: number, place: number): string {
  const system = SYSTEMS[(who + place) % SYSTEMS.length] ?? SYSTEMS[0]
  const version = 130 + ((who * 7 + place) % 12)
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
}

function hex(seed: number, length: number): string {
  const random = seededNumbers(seed)
  let text = ''
  while (text.length < length)
    text += Math.floor(random() * 0x100000000)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, length)
}
