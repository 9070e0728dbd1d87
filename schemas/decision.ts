import { z } from 'zod'
import {
  Count,
  Id,
  Instant,
  Name,
  Origin,
  RiskLevel,
  Sensitivity,
  Sha256,
  Tenant,
  Text,
  TrustTier,
  Unmapped,
} from './bounds.ts'
import { subjectEntityId } from './entity.ts'
import { putBack, understand, type Later } from './later.ts'
import { Reason } from './reasons.ts'
import { isRecord } from './record.ts'

/** What the policy decision point said, or what became of the request when it could not say. */
export const Outcome = z.enum(['permit', 'deny', 'step_up', 'revoke', 'error_closed', 'error_open'])
export type Outcome = z.infer<typeof Outcome>

/** The enforcement point. `(id, boot_id, seq)` is gapless from 0, so that a lost record shows. */
const Pep = z.strictObject({
  id: Id,
  kind: Name.optional(),
  boot_id: Id.optional(),
  seq: Count.optional(),
  version: Name.optional(),
})

/**
 * The link to the record before it; `hash` is worked out by `chainHash`. The
 * first record of a boot also names the boot before it and the highest `seq`
 * that was durable there: a tail cut off by a crash or by hand shows.
 */
const Chain = z.strictObject({
  prev: Sha256,
  /** Random, 128 bits or more; forgetting it (with the personal fields) erases a person and keeps the chain. */
  salt: z
    .string()
    .regex(/^[0-9a-f]{32,64}$/)
    .optional(),
  /** SHA-256(salt ‖ C(personal fields)); kept when salt and personal fields are erased. */
  personal_hash: Sha256.optional(),
  hash: Sha256,
  prev_boot: z.strictObject({ boot_id: Id, seq: z.int().min(-1) }).optional(),
})

const Subject = z.strictObject({
  type: z.enum(['user', 'service', 'device', 'anonymous']),
  id: z.string().min(1).max(256),
  session_id: Name.optional(),
  groups: z.array(Name).max(64).optional(),
  roles: z.array(Name).max(64).optional(),
  idp: Name.optional(),
  acr: Name.optional(),
  amr: z.array(z.string().max(64)).max(16).optional(),
  authenticated_at: Instant.optional(),
})
export type Subject = z.infer<typeof Subject>

const DecisionDevice = z.strictObject({
  id: Name.optional(),
  managed: z.boolean().optional(),
  os: Name.optional(),
  posture: z.enum(['compliant', 'not_compliant', 'unknown']).optional(),
  tier: TrustTier.optional(),
})

const Resource = z.strictObject({
  type: Name,
  id: z.string().min(1).max(1024),
  app: Name.optional(),
  /** The route with its variables named (`/records/{id}`): low cardinality, unlike the path. */
  path_template: z.string().max(512).optional(),
  sensitivity: Sensitivity.optional(),
  required_tier: TrustTier.optional(),
})

const Context = z.strictObject({
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  port: z.int().min(0).max(65535).optional(),
  user_agent: Text.optional(),
  tls_fingerprint: Name.optional(),
  rtt_us: Count.optional(),
  http: z
    .strictObject({
      host: Name.optional(),
      method: z.string().max(32).optional(),
      path: Text.optional(),
      status: z.int().min(0).max(999).optional(),
      bytes_in: Count.optional(),
      bytes_out: Count.optional(),
    })
    .optional(),
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
})

const PolicyFacts = z.strictObject({
  revision: Name.optional(),
  rule_id: Name.optional(),
  route_id: Name.optional(),
  enforcement: z.enum(['observe', 'enforce']).optional(),
  shadow: z.strictObject({ revision: Name, outcome: Outcome }).optional(),
  /** Every input that the policy read, so that the decision can be made again later. */
  inputs: Unmapped.optional(),
})

const RiskAtDecision = z.strictObject({
  score: z.number().min(0).max(100),
  level: RiskLevel,
  revision: Count,
  age_ms: Count,
})

/**
 * One access decision, as the policy decision point (PDP) gave it to the policy
 * enforcement point (PEP). Append-only: a decision is never updated.
 *
 * Names follow the AuthZEN Authorization API 1.0 information model (subject,
 * action, resource, context) and NIST SP 800-207 (PEP, PDP), so that any
 * gateway can report one. Only seven fields are required; every string and
 * list is bounded. A field that this version does not know is kept in
 * `unmapped` by `parseDecision`, so that a rolling upgrade loses nothing.
 */
export const Decision = z.strictObject({
  schema_version: z.literal(1),
  id: Id,
  /** Event time: when the PDP decided. Every window is cut on this, never on arrival. */
  decided_at: Instant,
  outcome: Outcome,
  tenant: Tenant.default('default'),
  origin: Origin.default('live'),
  pep: Pep.optional(),
  chain: Chain.optional(),
  reasons: z.array(Reason).max(8).optional(),
  policy: PolicyFacts.optional(),
  subject: Subject,
  device: DecisionDevice.optional(),
  action: z.strictObject({ name: Name }),
  resource: Resource,
  context: Context.optional(),
  trust: z.strictObject({ tier: TrustTier }).optional(),
  risk_at_decision: RiskAtDecision.optional(),
  /** Set when our own feedback caused the outcome: the outcome is then no evidence, the request's facts still are. */
  caused_by: z.enum(['risk_feedback']).optional(),
  /** What enforcing would have said, where the route only observes. */
  would_be: Outcome.optional(),
  latency_us: Count.optional(),
  unmapped: Unmapped.optional(),
})
export type Decision = z.infer<typeof Decision>

/** What a producer may leave out (`tenant`, `origin`). */
export type DecisionInput = z.input<typeof Decision>

/** The key of a decision: tenant / subject, so that a subject's decisions are seen in order; an anonymous one: tenant / source address. */
export function decisionKey(decision: Decision): string {
  return decision.subject.type === 'anonymous'
    ? `${decision.tenant}/source/${decision.context?.ip ?? 'unknown'}`
    : `${decision.tenant}/subject/${subjectEntityId(decision.subject)}`
}

/**
 * JSON pointers of the fields that minor versions of schema 1 added to the
 * first, and of the lists and optional fields that have new values since: a row
 * that an older version stored has them in `unmapped.later`.
 */
const SINCE_FIRST: ReadonlySet<string> = new Set()

const knownKeys = new Set(Object.keys(Decision.shape))

/** Member of `unmapped` for what a later version wrote into a chained decision, by JSON pointer. */
const LATER = 'later'

/**
 * Parses one decision, keeping what this version does not know in `unmapped`.
 *
 * A decision that nobody has chained yet comes from a foreign producer: its
 * unknown top-level fields go there by their names, and unknown ones inside
 * known objects are mistakes and are refused. A chained one was checked by
 * whoever chained it, so what is unknown is a later version's: it goes to
 * `unmapped.later` with its place, from where `asChained` takes it back.
 */
export function parseDecision(value: unknown): z.ZodSafeParseResult<Decision> {
  const parsed = Decision.safeParse(value)
  if (parsed.success || !isRecord(value)) return parsed
  if (isRecord(value['chain'])) return withLater(value) ?? parsed
  const unknown = Object.keys(value).filter((key) => !knownKeys.has(key))
  if (unknown.length === 0) return parsed
  const known: Record<string, unknown> = {}
  const unmapped: Record<string, unknown> = isRecord(value['unmapped']) ? { ...value['unmapped'] } : {}
  for (const [key, member] of Object.entries(value)) (knownKeys.has(key) ? known : unmapped)[key] = member
  return Decision.safeParse({ ...known, unmapped })
}

function withLater(value: Record<string, unknown>): z.ZodSafeParseResult<Decision> | undefined {
  const understood = understand(Decision, value)
  if (understood === undefined) return undefined
  const { unmapped, ...decision } = understood.value
  const later = unmapped !== undefined && Object.keys(unmapped).length === 0 ? { '/unmapped': {} } : {}
  return Decision.safeParse({
    ...decision,
    unmapped: { ...unmapped, [LATER]: { ...later, ...understood.later } },
  })
}

/** What an older reader set aside in a decision, if it did. */
export function laterOf({ unmapped }: Pick<DecisionInput, 'unmapped'>): Later | undefined {
  const later = unmapped?.[LATER]
  return isRecord(later) ? later : undefined
}

/**
 * The decision as it was chained: what an older reader set aside is back in its
 * place. Only what such a reader would set aside is put back; so nobody can hide
 * a field of a stored row there without breaking its chain.
 */
export function asChained(decision: DecisionInput): DecisionInput {
  const later = laterOf(decision)
  if (later === undefined) return decision
  const { unmapped: { [LATER]: _later, ...unmapped } = {}, ...rest } = decision
  const whole = putBack({ ...rest, ...(Object.keys(unmapped).length > 0 && { unmapped }) }, later)
  const again = understand(Decision, whole)?.later ?? {}
  const hidden = Object.keys(later).some(
    (pointer) => !(pointer in again) && pointer !== '/unmapped' && !SINCE_FIRST.has(pointer),
  )
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- with fields of a later version, which only the hash reads
  return hidden ? decision : (whole as DecisionInput)
}
