import type { Decision } from './decision.ts'

/**
 * The tenant of canaries: decisions that gateways make of nobody, every few
 * seconds, to show that the way is open. Everything that learns, counts or shows
 * is by tenant, so a tenant of their own keeps them out of every baseline,
 * census, budget and view at once, those to come included; a subject type of
 * their own would have to be left out in each of these places by hand.
 */
export const CANARY_TENANT = 'gatewatch-canary'

export function isCanary({ tenant }: { readonly tenant: string }): boolean {
  return tenant === CANARY_TENANT
}

/** Where a canary is seen: durable in the log, scored, and to be read from the store. */
export type CanaryStage = 'log' | 'scored' | 'store'

/** Who the canary of an enforcement point says it is. */
export function canarySubject(pep_id: string): Decision['subject'] {
  return { type: 'service', id: `canary:${pep_id}` }
}

/** A canary before it is numbered and chained. One subject an enforcement point, so that each has its place. */
export function canaryDraft(
  pep_id: string,
  nowMs: number,
): Pick<Decision, 'decided_at' | 'tenant' | 'outcome' | 'subject' | 'action' | 'resource'> {
  return {
    decided_at: new Date(nowMs).toISOString(),
    tenant: CANARY_TENANT,
    outcome: 'permit',
    subject: canarySubject(pep_id),
    action: { name: 'canary' },
    resource: { type: 'pipeline', id: 'canary' },
  }
}
