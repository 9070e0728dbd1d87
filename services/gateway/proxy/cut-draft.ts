import type { DecisionDraft } from '../record/decision-draft.ts'

/** What ended a live connection, in the words of a decision. */
type Cut = Required<Pick<DecisionDraft, 'reasons'>> &
  Pick<DecisionDraft, 'outcome' | 'caused_by' | 'risk_at_decision'> & {
    readonly inputs?: NonNullable<DecisionDraft['policy']>['inputs']
  }

/**
 * Cutting is a decision of its own: the request that was let in, decided again
 * at `now`. What was measured or only observed the first time is left out.
 */
export function cutDraft(letIn: DecisionDraft, now: number, { inputs, ...cut }: Cut): DecisionDraft {
  const { would_be: _observed, latency_us: _first, ...rest } = letIn
  return {
    ...rest,
    ...(inputs === undefined ? {} : { policy: { ...rest.policy, inputs } }),
    ...cut,
    decided_at: new Date(now).toISOString(),
  }
}
