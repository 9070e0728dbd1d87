import { z } from 'zod'
import { Name, RiskLevel, TrustTier } from './bounds.ts'
import { Outcome } from './decision.ts'
import { Reason } from './reasons.ts'

/** One row of a policy's table test: a request and what must come out. What is left out is an ordinary request. */
export const PolicyCase = z.strictObject({
  name: Name,
  request: z.strictObject({
    method: z.string().min(1).max(32).default('GET'),
    host: z.string().min(1).max(253),
    path: z.string().min(1).max(2048),
    ip: z.union([z.ipv4(), z.ipv6()]).default('192.0.2.1'),
    user_agent: z.string().max(2048).default('test'),
    /** When: conditions may read `context.time`. */
    time: z.iso.datetime().default('2026-01-31T09:30:00Z'),
  }),
  /** Absent: nobody is signed in. */
  subject: z
    .strictObject({
      type: z.enum(['user', 'service', 'device']).default('user'),
      id: Name,
      groups: z.array(Name).max(64).default([]),
      roles: z.array(Name).max(64).default([]),
      acr: z.string().max(256).default(''),
      authentication_age_s: z.number().min(0).default(60),
    })
    .optional(),
  device: z
    .strictObject({
      id: Name,
      managed: z.boolean().default(false),
      os: z.string().max(256).default(''),
      posture: z.enum(['compliant', 'not_compliant', 'unknown']).default('unknown'),
      tier: TrustTier.default('basic'),
    })
    .optional(),
  /** The session's own tier; default: by `subject.acr`, as the gateway does. */
  session_tier: TrustTier.optional(),
  risk: z
    .strictObject({
      level: RiskLevel.default('LOW'),
      score: z.number().min(0).max(100).default(0),
      age_ms: z.number().min(0).default(0),
      revoke: z.boolean().default(false),
      raised_age_s: z.number().min(0).default(0),
      source_level: RiskLevel.default('LOW'),
      source_score: z.number().min(0).max(100).default(0),
    })
    .prefault({}),
  expect: z.strictObject({
    outcome: Outcome,
    /** `<route id>.<rule id>`. */
    rule: z.string().max(300).optional(),
    reasons: z.array(Reason).max(8).optional(),
    would_be: Outcome.optional(),
  }),
})
export type PolicyCase = z.infer<typeof PolicyCase>

/** The file beside a policy: `intranet.yaml` is tested by `intranet.test.yaml`. */
export const PolicyTests = z.strictObject({ tests: z.array(PolicyCase).min(1).max(1000) })
export type PolicyTests = z.infer<typeof PolicyTests>
