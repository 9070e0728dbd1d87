import { accessScored } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { circumstancesOf } from './circumstances.ts'
import { toRow } from './decision-row.ts'
import { explain, type Explanation } from './explanation.ts'
import { guarded } from './guarded.ts'
import { STORAGE, searchTail } from './log-tail.ts'
import { findDecision } from './store/decisions.ts'
import type { Store } from './store/store.ts'

export interface ExplainSources {
  readonly store: Store
  readonly eventLog: EventLog
}

/**
 * Explains one decision, or gives null when nobody knows its id. The store and
 * the part of the log that the store does not hold yet are read together, so a
 * decision is explained the moment it was made, and while the store is down
 * (then `missing` says what was not looked at).
 */
export async function explainDecision(sources: ExplainSources, id: string): Promise<Explanation | null> {
  const { eventLog } = sources
  const missing: string[] = []
  const ask = guarded(sources.store, missing)
  const isIt = ({ decision }: { readonly decision: { readonly id: string } }) => decision.id === id
  const [tail] = await searchTail(eventLog, accessScored, STORAGE, `"${id}"`, isIt)
  const decision = tail ? toRow(tail) : await ask((store) => findDecision(store, id), null)
  if (decision) return explain(decision, { ...(await circumstancesOf(decision, eventLog, ask)), missing })
  if (missing.length === 0) return null
  // The store could not be asked and the log does not hold it: nobody knows, which is not "there is none".
  throw new GatewatchError('ERR_STORE_UNREACHABLE', missing.join(' '), { retriable: true })
}
