import { z } from 'zod'

const Text = z.string().min(1).max(256)
const Properties = z.record(z.string().max(256), z.unknown())

/** Members that AuthZEN 1.0 names; others are allowed and ignored, as the specification asks. */
const Subject = z.object({
  type: z.enum(['user', 'service', 'device', 'anonymous'], {
    error: 'must be user, service, device or anonymous',
  }),
  id: Text,
  properties: Properties.optional(),
})
const Action = z.object({ name: Text, properties: Properties.optional() })
const Resource = z.object({ type: Text, id: z.string().min(1).max(1024), properties: Properties.optional() })

/** One question, AuthZEN Authorization API 1.0 section 6. */
export const Evaluation = z.object({
  subject: Subject,
  action: Action,
  resource: Resource,
  context: z.record(z.string().max(256), z.unknown()).optional(),
})
export type Evaluation = z.infer<typeof Evaluation>

/** Several questions with defaults, section 7. Each member is completed before it is checked. */
export const Evaluations = z.object({
  subject: z.unknown().optional(),
  action: z.unknown().optional(),
  resource: z.unknown().optional(),
  context: z.unknown().optional(),
  evaluations: z.array(z.record(z.string(), z.unknown())).max(100).optional(),
  options: z
    .object({
      evaluations_semantic: z
        .enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'])
        .default('execute_all'),
    })
    .prefault({}),
})

/** What an enforcement point may say about a subject under `subject.properties`. */
export const SubjectProperties = z.object({
  session_id: Text.optional(),
  groups: z.array(Text).max(64).default([]),
  roles: z.array(Text).max(64).default([]),
  idp: Text.optional(),
  acr: Text.optional(),
  amr: z.array(z.string().max(64)).max(16).default([]),
  /** Instant of the sign-in: RFC 3339 text, or seconds since the epoch. */
  authenticated_at: z
    .union([z.iso.datetime({ offset: true }), z.number().min(0).max(253_402_300_799)])
    .optional(),
})

export type SubjectProperties = z.infer<typeof SubjectProperties>

/** What is read from `context`; the rest is the enforcement point's own. */
export const QuestionContext = z.object({
  ip: z.string().max(64).optional(),
  user_agent: z.string().max(2048).optional(),
  device: z.object({ id: z.string().max(128) }).optional(),
  http: z
    .object({
      host: z.string().max(253).optional(),
      method: z.string().max(32).optional(),
      path: z.string().max(8192).optional(),
    })
    .optional(),
})
