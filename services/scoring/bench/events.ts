import type { DecisionInput } from '../../../schemas/decision.ts'

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

/**
 * Decisions of a middle-sized company, about 1 KB each: people with one to
 * three networks and browsers of their own, spread over the address space,
 * groups, sessions, devices and a route table; 3 % refused. Seeded: the same
 * numbers give the same decisions.
 */
export function* events(count: number, { subjects, everyMs }: EventsOptions): Generator<DecisionInput> {
  const random = mulberry(42)
  for (let index = 0; index < count; index++) {
    const who = Math.floor(random() ** 1.5 * subjects)
    const place = Math.floor(random() ** 3 * 3)
    const app = APPS[(who + Math.floor(random() ** 2 * 4)) % APPS.length] ?? 'wiki'
    const page = Math.floor(random() ** 2 * 12)
    const atMs = START_MS + index * everyMs
    const refused = random() < 0.03
    yield {
      schema_version: 1,
      id: `01980000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
      decided_at: new Date(atMs).toISOString(),
      outcome: refused ? 'deny' : 'permit',
      tenant: 'default',
      origin: 'live',
      pep: { id: 'gateway-1', kind: 'gatewatch', boot_id: 'boot-01980000', seq: index, version: '0.1.0' },
      chain: { prev: hex(index, 64), hash: hex(index + 1, 64) },
      reasons: [refused ? 'policy_deny' : 'policy_permit'],
      policy: {
        revision: REVISION,
        rule_id: `rule-${page}`,
        route_id: `${app}-${page}`,
        enforcement: 'enforce',
      },
      subject: {
        type: 'user',
        id: `person-${who}@example.org`,
        session_id: `session-${who}-${place}-${Math.floor(index / 200_000)}`,
        groups: [`team-${who % 40}`, `site-${who % 7}`, 'staff'],
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
      },
      context: {
        ip: addressOf(who, place, random()),
        user_agent: agentOf(who, place),
        http: {
          host: `${app}.example.org`,
          method: 'GET',
          path: `/${app}/${page}`,
          status: 200,
          bytes_out: 5120,
        },
      },
      risk_at_decision: { score: 2, level: 'LOW', revision: 0, age_ms: 40 },
      latency_us: 180,
    }
  }
}

function addressOf(who: number, place: number, drawn: number): string {
  const word = Math.imul(who * 3 + place + 1, 0x9e3779b1) >>> 0
  return `${1 + (word % 220)}.${(word >>> 8) & 255}.${(word >>> 16) & 255}.${1 + Math.floor(drawn * 3)}`
}

function agentOf(who: number, place: number): string {
  const system = SYSTEMS[(who + place) % SYSTEMS.length] ?? SYSTEMS[0]
  const version = 130 + ((who * 7 + place) % 12)
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
}

function hex(seed: number, length: number): string {
  const random = mulberry(seed)
  let text = ''
  while (text.length < length)
    text += Math.floor(random() * 0x100000000)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, length)
}

/** @see Mulberry32, a public-domain generator: small, seeded, good enough to spread values. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
