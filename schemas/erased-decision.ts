import { erased, isErased, personalHash } from './chain.ts'
import { parseDecision, type Decision } from './decision.ts'
import { isRecord } from './record.ts'
import { NOTHING_LOOKED_UP } from './scored-decision.ts'

/** A decision without its person: as `erased`, and with the commitment worked out where the event had none yet. */
export function erasedDecision(decision: Decision): Decision {
  const { chain } = decision
  if (chain?.salt === undefined || chain.personal_hash !== undefined) return erased(decision)
  return erased({ ...decision, chain: { ...chain, personal_hash: personalHash(decision, chain.salt) } })
}

/**
 * The value of a record of decisions (bare, or scored) without its person;
 * undefined for what is no decision, the same object where nobody is left in it.
 */
export function erasedDecisionRecord(value: unknown): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined
  const { decision, enrichment } = value
  const parsed = parseDecision(decision ?? value)
  if (!parsed.success) return undefined
  const bare = isErased(parsed.data)
  if (decision === undefined) return bare ? value : { ...erasedDecision(parsed.data) }
  if (bare && isRecord(enrichment) && isRecord(enrichment['source']) && enrichment['source']['prefix'] === '')
    return value
  return {
    ...value,
    decision: erasedDecision(parsed.data),
    // What follows from an address or a browser is about whoever had it.
    enrichment: { ...(isRecord(enrichment) && enrichment), ...NOTHING_LOOKED_UP },
  }
}
