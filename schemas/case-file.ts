import { z } from 'zod'
import { Count, Id, Instant, Name, RiskLevel, Sha256, Tenant } from './bounds.ts'
import { Checkpoint } from './checkpoint.ts'
import { Decision } from './decision.ts'
import { Entity } from './entity.ts'
import { Finding } from './finding.ts'
import { RiskState } from './risk.ts'
import { Enrichment, Scores } from './scored-decision.ts'
import { Story } from './story.ts'
import { Verdict } from './verdict.ts'

/** What a case is about; `id` of an entity is the entity's own. */
export const CaseAbout = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('entity'), entity: Entity }),
  z.strictObject({ kind: z.literal('finding'), id: Id }),
  z.strictObject({ kind: z.literal('story'), id: Id }),
  z.strictObject({ kind: z.literal('decision'), id: Id }),
])
export type CaseAbout = z.infer<typeof CaseAbout>

/**
 * Where a decision stands in its chain, as worked out when the case was made.
 * `salt` is absent where the person was erased; `prev` and `hash` are null where
 * nothing could be proven, and `unproven` says why.
 */
const CaseLink = z.strictObject({
  pep_id: Id,
  boot_id: Id,
  seq: Count,
  salt: z.string().max(64).optional(),
  personal_hash: Sha256.nullable(),
  prev: Sha256.nullable(),
  hash: Sha256.nullable(),
})

const CaseDecision = z.strictObject({
  /** As it was recorded, without its link. */
  decision: Decision.omit({ chain: true }),
  /** Null: it was never chained (a foreign producer's own record). */
  link: CaseLink.nullable(),
  enrichment: Enrichment,
  scores: Scores,
  /** The findings of the case that name it. */
  finding_ids: z.array(Id).max(100),
  /** Why the file holds no proof of it; null: it does. */
  unproven: z.string().max(256).nullable(),
})
export type CaseDecision = z.infer<typeof CaseDecision>

/**
 * A link of the way from a decision to a signed hash. Of a decision of the case
 * its id is enough. Of any other: `rest`, its RFC 8785 form without chain and
 * personal fields, and the commitment to these. In both cases
 * hash = SHA-256(hash before ‖ rest ‖ personal_hash), as hexadecimal text.
 */
const ProofLink = z.union([
  z.strictObject({ decision_id: Id }),
  z.strictObject({ rest: z.string().max(131_072), personal_hash: Sha256 }),
])
export type ProofLink = z.infer<typeof ProofLink>

const ProofStretch = z.strictObject({
  pep_id: Id,
  boot_id: Id,
  seq_from: Count,
  seq_to: Count,
  /** Hash of the link before `seq_from`. */
  prev_hash: Sha256,
  /** One a number, from `seq_from` to `seq_to`. */
  links: z.array(ProofLink).min(1).max(1_000_000),
  checkpoint: Checkpoint,
  /** Which hash of the checkpoint is that of `seq_to`. */
  signed: z.enum(['hash', 'prev_hash', 'previous_boot']),
})
export type ProofStretch = z.infer<typeof ProofStretch>

const CaseRevision = z.strictObject({
  revision: z.string().max(256),
  first_decided_at: Instant,
  last_decided_at: Instant,
  decisions: Count,
  /** From the log, while it is the newest of its policy. */
  applied_at: Instant.nullable(),
  applied_by: Name.nullable(),
})

const CasePlace = z.strictObject({
  country: z.string().max(2),
  city: z.string().max(128),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  decisions: Count,
  refused: Count,
  first_decided_at: Instant,
  last_decided_at: Instant,
})
export type CasePlace = z.infer<typeof CasePlace>

const CaseRisk = RiskState.pick({
  entity: true,
  revision: true,
  score: true,
  level: true,
  required_action: true,
  expires_at: true,
  withheld: true,
  updated_at: true,
}).extend({ causes: z.array(z.string().max(64)).max(8), level: RiskLevel })

/** What made a finding or its effect smaller. */
const Suppression = z.strictObject({
  at: Instant,
  what: z.enum(['gate', 'risk_withheld']),
  /** The finding, or the entity as `<type> <id>`. */
  about: z.string().max(400),
  why: z.string().max(256),
  /** What the score was multiplied with. */
  factor: z.number().nullable(),
})

/** So many are in the file, so many more there are, and a statement that `gatewatch query` takes and that gives all of them. */
function bounded<T extends z.ZodType>(row: T) {
  return z.strictObject({
    left_out: Count,
    statement: z.string().max(65_536).optional(),
    rows: z.array(row).max(20_000),
  })
}

/**
 * What is known of an entity, a finding, a story or a decision, in one file that
 * proves its decisions by itself. The same case made twice is the same to the
 * byte but for `created_at`.
 */
export const CaseFile = z.strictObject({
  schema_version: z.literal(1),
  type: z.literal('gatewatch.case'),
  created_at: Instant,
  tenant: Tenant,
  about: CaseAbout,
  /** One line for a person. */
  title: z.string().max(512),
  from: Instant,
  to: Instant,
  entities: z.array(Entity).max(16),
  /** Decisions of the range by outcome and step of time, all of them. */
  activity: z.strictObject({
    bucket_ms: Count,
    buckets: z
      .array(z.strictObject({ at: Instant, outcomes: z.record(z.string().max(32), Count) }))
      .max(1000),
  }),
  decisions: bounded(CaseDecision),
  findings: bounded(Finding),
  stories: bounded(Story),
  risk: bounded(CaseRisk),
  verdicts: bounded(Verdict),
  suppressed: bounded(Suppression),
  policy_revisions: bounded(CaseRevision),
  places: bounded(CasePlace),
  proof: z.strictObject({ how: z.string().max(2000), stretches: z.array(ProofStretch).max(1000) }),
  /**
   * What the chain does not cover (findings, risk, verdicts, what was looked up)
   * is sealed by whoever made the file: SHA-256 of each part's RFC 8785 form,
   * signed. `created_at` is not sealed.
   */
  seal: z.strictObject({
    parts: z.record(z.string().max(32), Sha256),
    public_key: z.string().max(64),
    signature: z.string().max(128),
  }),
})
export type CaseFile = z.infer<typeof CaseFile>
