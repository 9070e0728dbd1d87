import { z } from 'zod'
import type { ScoredDecision } from '../../schemas/scored-decision.ts'

/**
 * A scored decision as one flat row, nesting become underscores: what the store
 * holds, and what a record of the log becomes. A column that says nothing (the
 * store has an empty text or NULL there) is absent here.
 */
const absent = (value: unknown) => (value === '' || value === null ? undefined : value)
const text = z.preprocess(absent, z.string().optional())
/** ClickHouse may quote 64-bit whole numbers in JSON. */
const figure = z.preprocess(absent, z.coerce.number().optional())
const flag = z.preprocess(
  (value) => (value === 0 ? false : value === 1 ? true : absent(value)),
  z.boolean().optional(),
)
const list = z.array(z.string()).catch([])

/** What a list of decisions shows. */
export const DecisionSummary = z.object({
  id: z.string(),
  tenant: z.string(),
  origin: z.string(),
  decided_at: z.string(),
  outcome: z.string(),
  would_be: text,
  caused_by: text,
  reasons: list,
  subject_type: z.string(),
  subject_id: z.string(),
  action_name: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  resource_app: text,
  context_ip: text,
  context_http_method: text,
  context_http_path: text,
  risk_at_decision_score: figure,
  risk_at_decision_level: text,
  enrichment_source_prefix: text,
  enrichment_source_city: text,
  enrichment_source_country: text,
})
export type DecisionSummary = z.infer<typeof DecisionSummary>

/** Everything that an explanation reads. */
export const DecisionRow = DecisionSummary.extend({
  pep_id: text,
  policy_revision: text,
  policy_route_id: text,
  policy_rule_id: text,
  policy_enforcement: text,
  subject_session_id: text,
  subject_acr: text,
  subject_authenticated_at: text,
  device_id: text,
  device_managed: flag,
  device_posture: text,
  device_tier: text,
  resource_required_tier: text,
  resource_path_template: text,
  resource_sensitivity: text,
  context_user_agent: text,
  context_http_host: text,
  context_http_status: figure,
  trust_tier: text,
  risk_at_decision_revision: figure,
  risk_at_decision_age_ms: figure,
  latency_us: figure,
  enrichment_source_region: text,
  enrichment_source_asn: figure,
  enrichment_source_as_org: text,
  enrichment_source_network_kind: text,
  enrichment_user_agent_family: text,
  enrichment_user_agent_os: text,
  scores: z.record(z.string(), z.coerce.number()).catch({}),
})
export type DecisionRow = z.infer<typeof DecisionRow>

export const summaryColumns: readonly string[] = Object.keys(DecisionSummary.shape)
export const rowColumns: readonly string[] = Object.keys(DecisionRow.shape)

/** A record of the log as the store would give it back. */
export function toRow(scored: ScoredDecision): DecisionRow {
  return DecisionRow.parse(flat(scored))
}

export function toSummary(scored: ScoredDecision): DecisionSummary {
  return DecisionSummary.parse(flat(scored))
}

function flat({ decision, enrichment, scores }: ScoredDecision): Record<string, unknown> {
  const row: Record<string, unknown> = { scores }
  flatten(decision, '', row)
  flatten(enrichment, 'enrichment_', row)
  return row
}

function flatten(value: object, prefix: string, row: Record<string, unknown>): void {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      flatten(member, `${prefix}${key}_`, row)
    } else row[prefix + key] = member
  }
}
