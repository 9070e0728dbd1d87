import type { DecisionInput } from '../../../schemas/decision.ts'

/** A decision before it is numbered and chained: `pep` and `chain` are the recorder's. */
export type DecisionDraft = Omit<DecisionInput, 'pep' | 'chain' | 'id' | 'schema_version'>
