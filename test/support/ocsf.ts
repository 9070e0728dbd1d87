import { z } from 'zod'

/**
 * What OCSF 1.8.0 says of the members that we write: their types, the values
 * of those that are enumerated, which are required, and nothing else known. In
 * our own words, for the classes API Activity (6003) and Detection Finding
 * (2004) with the profile security_control. A member that is new to an export
 * is looked up in the schema and added here.
 */
const ms = z.int().min(0)
const uid = z.string().min(1)
const oneOf = (...ids: readonly number[]) => z.literal(ids as [number, ...number[]])

const Metadata = z.strictObject({
  version: z.literal('1.8.0'),
  product: z.strictObject({ name: z.string(), vendor_name: z.string(), version: z.string().optional() }),
  profiles: z.array(z.literal('security_control')).optional(),
  uid: uid.optional(),
  tenant_uid: uid.optional(),
  log_name: z.string().optional(),
  correlation_uid: uid.optional(),
  sequence: z.int().optional(),
})

/** Unknown, Informational, Low, Medium, High, Critical, Fatal, Other. */
const severity_id = oneOf(0, 1, 2, 3, 4, 5, 6, 99)
const base = { metadata: Metadata, time: ms, severity_id, message: z.string().optional() }

/** At least one of its names must be there. */
const Endpoint = z
  .strictObject({
    ip: z.union([z.ipv4(), z.ipv6()]).optional(),
    port: z.int().min(0).max(65_535).optional(),
    name: z.string().optional(),
    location: z.strictObject({ country: z.string().length(2), city: z.string().optional() }).optional(),
    autonomous_system: z.strictObject({ number: z.int(), name: z.string().optional() }).optional(),
  })
  .refine(({ ip, name }) => (ip ?? name) !== undefined, { error: 'at least one name of an endpoint' })

const User = z.strictObject({ uid, type_id: oneOf(0, 1, 2, 3, 4, 99) })
const Actor = z.strictObject({
  user: User,
  session: z.strictObject({ uid }).optional(),
  idp: z.strictObject({ name: z.string() }).optional(),
})
const Resource = z.strictObject({ uid, type: z.string() })

export const ApiActivity = z.strictObject({
  ...base,
  category_uid: z.literal(6),
  class_uid: z.literal(6003),
  /** Unknown, Create, Read, Update, Delete, Other. */
  activity_id: oneOf(0, 1, 2, 3, 4, 99),
  type_uid: z.int(),
  /** Unknown, Success, Failure, Other. */
  status_id: oneOf(0, 1, 2, 99),
  status_code: z.string().optional(),
  duration: ms.optional(),
  actor: Actor,
  api: z.strictObject({ operation: z.string(), service: z.strictObject({ name: z.string() }).optional() }),
  src_endpoint: Endpoint,
  resources: z.array(Resource),
  /** Unknown, Allowed, Denied, Observed, Modified, Other. */
  action_id: oneOf(0, 1, 2, 3, 4, 99),
  disposition_id: z.union([z.int().min(0).max(27), z.literal(99)]),
  disposition: z.string().optional(),
  authorizations: z
    .array(
      z.strictObject({
        decision: z.string(),
        policy: z.strictObject({ uid, version: z.string().optional(), is_applied: z.boolean() }),
      }),
    )
    .optional(),
  risk_score: z.int().optional(),
  is_alert: z.boolean().optional(),
})

export const DetectionFinding = z.strictObject({
  ...base,
  category_uid: z.literal(2),
  class_uid: z.literal(2004),
  /** Unknown, Create, Update, Close, Other. */
  activity_id: oneOf(0, 1, 2, 3, 99),
  type_uid: z.int(),
  /** Unknown, New, In Progress, Suppressed, Resolved, Archived, Deleted, Other. */
  status_id: oneOf(0, 1, 2, 3, 4, 5, 6, 99),
  /** Info, Low, Medium, High, Critical, Other. */
  risk_level_id: oneOf(0, 1, 2, 3, 4, 99),
  is_alert: z.boolean(),
  finding_info: z.strictObject({
    uid,
    title: z.string(),
    types: z.array(z.string()),
    created_time: ms,
    first_seen_time: ms,
    last_seen_time: ms,
    analytic: z.strictObject({
      uid,
      name: z.string(),
      /** Unknown, Rule, Behavioral, Statistical, Learning … Indexed Data Match, Other. */
      type_id: z.union([z.int().min(0).max(11), z.literal(99)]),
      version: z.string(),
    }),
    related_events: z.array(z.strictObject({ uid })),
    attacks: z.array(
      z.strictObject({ technique: z.strictObject({ uid: z.string().regex(/^T\d{4}(\.\d{3})?$/) }) }),
    ),
  }),
  evidences: z.array(z.strictObject({ data: z.record(z.string(), z.unknown()) })),
  resources: z.array(Resource),
})
