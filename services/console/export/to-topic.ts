import type { LogTopic } from '../../../schemas/topics.ts'
import type { Consumption, EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { writtenRecord } from '../../runtime/log/json-record.ts'
import { exportedRecord, SOURCES, type ExportClass } from './ocsf-records.ts'

export interface TopicExportOptions {
  readonly eventLog: EventLog
  readonly of: ExportClass
  readonly topic: LogTopic
  /** Who keeps the position: another group exports everything once more. */
  readonly group: string
  /** Event time, ms; null: without an end. What lies outside is passed over for good. */
  readonly from_ms: number | null
  readonly to_ms: number | null
  /** Undefined: every tenant. */
  readonly tenant: string | undefined
  readonly failed: (error: unknown) => void
  /** Told of each batch that is about to be committed. */
  readonly progress: (exported: number) => void
}

/**
 * Exports what the log holds and what comes to a topic. Events and position are
 * committed in one step, so whatever dies, none is missing and none is there
 * twice; the key is that of the source, so an entity's events stay in order.
 */
export async function exportToTopic(options: TopicExportOptions): Promise<Consumption> {
  const { eventLog, of, topic, group, failed, progress } = options
  return eventLog.consume({
    group,
    topics: [SOURCES[of]],
    failed,
    handle(batch) {
      const records = batch.parts.flatMap((part) =>
        part.records.flatMap((record): OutRecord[] => {
          const exported = exportedRecord(of, record)
          if (exported === undefined || !isAsked(options, exported)) return []
          const { event, uid, at } = exported
          const names = { ce_id: uid, ce_time: at }
          return [writtenRecord(topic, record.key, Buffer.from(JSON.stringify(event)), names)]
        }),
      )
      progress(records.length)
      return records
    },
  })
}

function isAsked(
  { from_ms, to_ms, tenant }: TopicExportOptions,
  { at, tenant: own }: { readonly at: string; readonly tenant: string },
): boolean {
  const ms = Date.parse(at)
  return (tenant === undefined || tenant === own) && ms >= (from_ms ?? 0) && ms < (to_ms ?? Infinity)
}
