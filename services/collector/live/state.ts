import { z } from 'zod'
import { Instant } from '../../../schemas/bounds.ts'
import { collectorImports } from '../../../schemas/topics.ts'
import type { OutRecord, Table } from '../../runtime/log/event-log.ts'

/** The longest position: one of a Kafka topic names each partition. */
const MAX_POSITION = 65_536

/** What the log knows of a live source; written in the same append as the decisions that it stands behind. */
export const SourceState = z.strictObject({
  schema_version: z.literal(1),
  /** Where the source goes on, in the words of its kind; null: it can't be asked again. */
  position: z.string().max(MAX_POSITION).nullable(),
  at: Instant,
  /** When the newest record came, usable or not. */
  last_record_at: Instant.nullable(),
  /** Event time of the newest decision. */
  last_event_at: Instant.nullable(),
})
export type SourceState = z.infer<typeof SourceState>

export function readState(table: Table, tenant: string, source: string): SourceState | null {
  const bytes = table.get(keyOf(tenant, source))
  return bytes === undefined ? null : SourceState.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

export function stateRecord(tenant: string, source: string, state: SourceState): OutRecord {
  return { topic: collectorImports, key: keyOf(tenant, source), value: JSON.stringify(state) }
}

const keyOf = (tenant: string, source: string): string => `${tenant}/live/${source}`
