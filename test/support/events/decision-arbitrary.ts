import fc from 'fast-check'
import { Reason } from '../../../schemas/reasons.ts'
import { NetworkKind, type ScoredDecision } from '../../../schemas/scored-decision.ts'
import { Outcome } from '../../../schemas/decision.ts'

/** Every field present or absent, every text with quotes, blanks and letters of other scripts, every list empty or not. */
export const instant = fc
  .date({
    min: new Date('1970-01-01T00:00:00.000Z'),
    max: new Date('2105-12-30T00:00:00.000Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString())
const text = (max: number, min = 0) =>
  fc
    .string({ minLength: min, maxLength: max, unit: 'grapheme' })
    .filter((s) => s.length <= max && s.length >= min)
const name = text(24, 1)
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@+=,-]{0,20}$/)
const sha = fc.stringMatching(/^[0-9a-f]{64}$/)
const count = fc.nat(Number.MAX_SAFE_INTEGER)
const tier = fc.constantFrom('untrusted', 'basic', 'privileged', 'highly_privileged')
const sensitivity = fc.constantFrom('low', 'medium', 'high')
const outcome = fc.constantFrom(...Outcome.options)
const unmapped = fc.dictionary(name, fc.jsonValue({ maxDepth: 2, noUnicodeString: false }), { maxKeys: 3 })
const optional = { requiredKeys: [] }

const decision = fc.record(
  {
    schema_version: fc.constant(1 as const),
    id,
    // A month is a partition: a few of them, and the edges of what the store holds elsewhere.
    decided_at: fc
      .date({
        min: new Date('2026-01-01T00:00:00.000Z'),
        max: new Date('2026-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
    outcome,
    tenant: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,12}$/),
    origin: fc.constantFrom('live', 'import'),
    pep: fc.record({ id, kind: name, boot_id: id, seq: count, version: name }, { requiredKeys: ['id'] }),
    chain: fc.record(
      {
        prev: sha,
        salt: fc.stringMatching(/^[0-9a-f]{32}$/),
        personal_hash: sha,
        hash: sha,
        prev_boot: fc.record({ boot_id: id, seq: fc.integer({ min: -1 }) }),
      },
      { requiredKeys: ['prev', 'hash'] },
    ),
    reasons: fc.array(fc.constantFrom(...Reason.options), { maxLength: 8 }),
    policy: fc.record(
      {
        revision: name,
        rule_id: name,
        route_id: name,
        enforcement: fc.constantFrom('observe', 'enforce'),
        shadow: fc.record({ revision: name, outcome }),
        inputs: unmapped,
      },
      optional,
    ),
    subject: fc.record(
      {
        type: fc.constantFrom('user', 'service', 'device', 'anonymous'),
        id: name,
        session_id: name,
        groups: fc.array(name, { maxLength: 3 }),
        roles: fc.array(name, { maxLength: 3 }),
        idp: name,
        acr: name,
        amr: fc.array(text(8), { maxLength: 3 }),
        authenticated_at: instant,
      },
      { requiredKeys: ['type', 'id'] },
    ),
    device: fc.record(
      {
        id: name,
        managed: fc.boolean(),
        os: name,
        posture: fc.constantFrom('compliant', 'not_compliant', 'unknown'),
        tier,
      },
      optional,
    ),
    action: fc.record({ name }),
    resource: fc.record(
      { type: name, id: name, app: name, path_template: text(20), sensitivity, required_tier: tier },
      { requiredKeys: ['type', 'id'] },
    ),
    context: fc.record(
      {
        ip: fc.oneof(fc.ipV4(), fc.ipV6()),
        port: fc.nat(65535),
        user_agent: text(40),
        tls_fingerprint: name,
        rtt_us: count,
        http: fc.record(
          {
            host: name,
            method: text(10),
            path: text(40),
            status: fc.nat(999),
            bytes_in: count,
            bytes_out: count,
          },
          optional,
        ),
        trace_id: fc.stringMatching(/^[0-9a-f]{32}$/),
      },
      optional,
    ),
    trust: fc.record({ tier }),
    risk_at_decision: fc.record({
      score: fc.double({ min: 0, max: 100, noNaN: true }).map((n) => n + 0),
      level: fc.constantFrom('LOW', 'MEDIUM', 'HIGH'),
      revision: count,
      age_ms: count,
    }),
    caused_by: fc.constant('risk_feedback' as const),
    would_be: outcome,
    latency_us: count,
    unmapped,
  },
  {
    requiredKeys: [
      'schema_version',
      'id',
      'decided_at',
      'outcome',
      'tenant',
      'origin',
      'subject',
      'action',
      'resource',
    ],
  },
)

const degrees = (max: number) => fc.option(fc.double({ min: -max, max, noNaN: true }).map((n) => n + 0))

const enrichment = fc.record({
  source: fc.record(
    {
      prefix: text(20),
      city: text(20),
      region: text(20),
      country: fc.constantFrom('', 'DE', 'FR'),
      latitude: degrees(90),
      longitude: degrees(180),
      accuracy_km: fc.double({ min: 0, max: 20100, noNaN: true }).map((n) => n + 0),
      asn: fc.nat(4294967295),
      as_org: text(20),
      network_kind: fc.constantFrom(...NetworkKind.options),
      lists: fc.dictionary(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/), text(40), { maxKeys: 3 }),
    },
    {
      requiredKeys: [
        'prefix',
        'city',
        'region',
        'country',
        'latitude',
        'longitude',
        'accuracy_km',
        'asn',
        'as_org',
        'network_kind',
      ],
    },
  ),
  user_agent: fc.record({ family: text(10), major: text(4), os: text(10), device_type: text(8) }),
  resource: fc.record({ sensitivity }),
})

/** Any scored decision as it is on the log; scores are single-precision, as the store keeps them. */
export const scoredDecision: fc.Arbitrary<ScoredDecision> = fc
  .record({
    decision,
    enrichment,
    scores: fc.dictionary(
      fc.stringMatching(/^[a-z-]{1,12}$/),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      {
        maxKeys: 4,
      },
    ),
  })
  // What is on the log has been JSON: no -0, no undefined, no prototype of its own.
  .map((scored) => JSON.parse(JSON.stringify(scored)) as ScoredDecision)
