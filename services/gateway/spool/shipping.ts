import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import type { SpoolRecord } from './records.ts'

/** An append that is silent for so long is given up: looked up in the log and, where it lacks, done again. */
export const GIVE_UP_MS = 30_000

/** What became of an append. `failed` does not say that the log lacks the records: its answer may have been lost. */
export type Shipped =
  | { readonly kind: 'ok'; readonly ms: number }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Appends; never rejects, so that nobody need wait for it. */
export async function ship(eventLog: EventLog, records: readonly OutRecord[]): Promise<Shipped> {
  const started = performance.now()
  try {
    // A crash may leave some of them, as the lookup allows for; a transaction would hold readers up and cost a round trip more.
    await eventLog.append(records, { independent: true })
    return { kind: 'ok', ms: performance.now() - started }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

/** A spooled decision as it goes to the log. */
export function toOutRecord(record: SpoolRecord): OutRecord {
  return { topic: accessDecisions, ...record }
}
