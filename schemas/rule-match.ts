import { z } from 'zod'
import { Id, Instant, Origin, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'

/** Name of a rule; its findings are of the detector `rule-<name>`. */
const RuleName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,58}$/)

/** Version of the rules that are in force together: 16 hexadecimal digits of the SHA-256 of their texts. */
export const RuleSetVersion = z.string().regex(/^[0-9a-f]{16}$/)

/**
 * A decision that a rule of the operator's matched: all that is needed to count
 * it with others and to tell of it. One record for each rule that findings may
 * come from.
 */
export const RuleMatch = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  origin: Origin,
  /** The rule that a finding would be of. */
  rule: RuleName,
  /** The rule that the decision matched: the same, or one that a correlation refers to. */
  matched: RuleName,
  /** The rules that were in force. */
  rule_set: RuleSetVersion,
  decision_id: Id,
  decided_at: Instant,
  /** What a finding would be about. */
  entity: Entity,
  /** Others that the decision touches. */
  entities: z.array(Entity).max(4),
  /** Fields that the rule groups by, counts or shows, by path; one that the decision does not say is absent. */
  values: z.record(z.string().max(256), z.string().max(256)),
})
export type RuleMatch = z.infer<typeof RuleMatch>

/** The texts of the rules that were in force together, so that a replay matches with the same. */
export const RuleSetRecord = z.strictObject({
  schema_version: z.literal(1),
  version: RuleSetVersion,
  /** When a worker took it up first, or again. */
  at: Instant,
  /** JSON of `[{ file, text }]`, gzip, base64. */
  files: z.base64().max(900_000),
})
export type RuleSetRecord = z.infer<typeof RuleSetRecord>
