import { z } from 'zod'
import { Id, Instant, Name, Sensitivity, Sha256, Tenant, TrustTier } from './bounds.ts'

/** A condition in CEL, the language of Google's access levels; it reads subject, device, action, resource, context, trust and risk. */
const Condition = z.string().min(1).max(2000)

export const PolicyRule = z.strictObject({
  id: Id,
  description: z.string().max(500).optional(),
  when: Condition,
  outcome: z.enum(['permit', 'deny', 'step_up']),
})
export type PolicyRule = z.infer<typeof PolicyRule>

export const PolicyRoute = z.strictObject({
  id: Id,
  description: z.string().max(500).optional(),
  /** Host header that the route serves, without port. */
  host: z.string().min(1).max(253),
  /** Path template: `/records/{id}` takes one segment, a final `/**` takes the rest. The most specific template wins. */
  path: z.string().regex(/^\//, { error: 'must begin with /' }).max(512),
  /** Empty: every method. */
  methods: z
    .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']))
    .max(7)
    .default([]),
  /** Where a permitted request goes; an http or https origin. */
  upstream: z.url({ protocol: /^https?$/ }).max(512),
  app: Name,
  resource_type: Name.default('http'),
  action: Name.optional(),
  sensitivity: Sensitivity.default('medium'),
  required_tier: TrustTier.default('untrusted'),
  /** What risk adds to the policy: recorded only (`observe`), or acted on (`enforce`). */
  enforcement: z.enum(['observe', 'enforce']).default('observe'),
  /** Nobody needs to sign in; the subject is anonymous. */
  public: z.boolean().default(false),
  /** How old a sign-in may be, in seconds. */
  max_authentication_age_s: z.int().min(30).max(31_536_000).optional(),
  /** The first rule whose condition holds decides; none: deny. */
  rules: z.array(PolicyRule).min(1).max(64),
})
export type PolicyRoute = z.infer<typeof PolicyRoute>

/** What a risk level does on a route of some sensitivity; `permit` leaves the policy's own outcome alone. */
const RiskEffect = z.enum(['permit', 'step_up', 'deny'])
const RiskRow = z.strictObject({ low: RiskEffect, medium: RiskEffect, high: RiskEffect })

export const Policy = z.strictObject({
  version: z.literal(1),
  policy: Id,
  description: z.string().max(500).optional(),
  /** Authentication context class that proves a step-up (RFC 9470 `acr_values`). */
  step_up_acr: Name.default('urn:gatewatch:acr:phishing-resistant'),
  /** Whom a refused person may ask; shown on the refusal page. */
  contact: z.string().max(256).optional(),
  /** `user:alice`: never restricted by risk; every use alerts. */
  break_glass: z.array(z.string().min(1).max(300)).max(32).default([]),
  /** After how many seconds without news from the risk feed risk no longer counts. */
  risk_stale_after_s: z.int().min(1).max(86_400).default(120),
  risk: z.strictObject({ MEDIUM: RiskRow, HIGH: RiskRow }).default({
    MEDIUM: { low: 'permit', medium: 'step_up', high: 'step_up' },
    HIGH: { low: 'step_up', medium: 'step_up', high: 'deny' },
  }),
  routes: z.array(PolicyRoute).min(1).max(1000),
})
export type Policy = z.infer<typeof Policy>

/** A policy in force, named by the hash of its content (`revision`). */
export const PolicyRevision = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  policy: Id,
  revision: Sha256,
  document: Policy,
  applied_at: Instant,
  applied_by: Name,
})
export type PolicyRevision = z.infer<typeof PolicyRevision>
