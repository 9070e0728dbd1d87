import { z } from 'zod'
import { Tenant } from '../../schemas/bounds.ts'
import { Outcome } from '../../schemas/decision.ts'
import { subjectEntityId } from '../../schemas/entity.ts'
import type { DecisionSummary } from './decision-row.ts'

/** An instant with or without milliseconds, in any zone. */
const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** Which decisions; the same words for the list and for the live stream. */
export const DecisionFilter = z.object({
  tenant: Tenant.default('default'),
  /** A subject's id, with or without its type, an address, or a decision's id; whole. */
  q: z.string().max(300).optional(),
  subject: z.string().max(300).optional(),
  /** An address, or a network prefix as the enrichment names it. */
  source: z.string().max(64).optional(),
  /** `refused`: everything that was not let through. */
  outcome: z.union([Outcome, z.literal('refused')]).optional(),
})
export type DecisionFilter = z.infer<typeof DecisionFilter>

export const DecisionListQuery = DecisionFilter.extend({
  from: Moment.optional(),
  to: Moment.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export type DecisionListQuery = z.infer<typeof DecisionListQuery>

const LET_THROUGH: readonly string[] = ['permit', 'error_open']

/** Whether a decision passes; what the SQL of `listDecisions` says for the store, for one from the log. */
export function passes(filter: DecisionFilter, decision: DecisionSummary): boolean {
  const { q, subject, source, outcome } = filter
  if (decision.tenant !== filter.tenant) return false
  if (
    outcome === 'refused' ? LET_THROUGH.includes(decision.outcome) : outcome && decision.outcome !== outcome
  )
    return false
  if (subject && !isSubject(subject, decision)) return false
  if (source && !isSource(source, decision)) return false
  return !q || decision.id === q || isSubject(q, decision) || isSource(q, decision)
}

function isSubject(asked: string, { subject_type: type, subject_id: id }: DecisionSummary): boolean {
  return asked === id || asked === subjectEntityId({ type, id })
}

function isSource(asked: string, decision: DecisionSummary): boolean {
  return asked === decision.context_ip || asked === decision.enrichment_source_prefix
}
