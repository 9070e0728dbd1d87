import type {
  Batch,
  ConsumeOptions,
  Consumption,
  EventLog,
  LogRecord,
  ReadOptions,
} from '../log/event-log.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import { wrapLog } from '../log/wrap-log.ts'
import { erasedRecord } from './erased-record.ts'
import { openKnownErasures, type KnownErasures } from './known-erasures.ts'

/**
 * The same log, in which nobody who was erased is read by name: whoever scores,
 * stores, replays or shows records gets them erased, however late they come and
 * however long the log keeps them. Offsets and batches are what they were.
 * While nobody is erased, a batch passes through as it is.
 */
export function erasingLog(eventLog: EventLog, secret: () => Promise<string>): EventLog {
  let known: Promise<KnownErasures> | undefined
  const knownErasures = () =>
    (known ??= openKnownErasures(eventLog, secret).catch((error: unknown) => {
      known = undefined
      throw error
    }))

  async function consume(options: ConsumeOptions): Promise<Consumption> {
    const erasures = await knownErasures()
    const { ahead } = options
    return eventLog.consume({
      ...options,
      handle: (batch) => options.handle(erasedBatch(batch, erasures)),
      ...(ahead && { ahead: (batch) => ahead(erasedBatch(batch, erasures)) }),
    })
  }

  async function* read(topic: LogTopic, options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    const erasures = await knownErasures()
    for await (const records of eventLog.read(topic, options)) yield erasedRecords(topic, records, erasures)
  }

  return wrapLog(eventLog, { consume, read })
}

function erasedBatch(batch: Batch, known: KnownErasures): Batch {
  if (known.none) return batch
  const parts = batch.parts.map((part) => ({
    ...part,
    records: erasedRecords(part.topic, part.records, known),
  }))
  return { ...batch, parts }
}

function erasedRecords(
  topic: LogTopic,
  records: readonly LogRecord[],
  known: KnownErasures,
): readonly LogRecord[] {
  return known.none ? records : records.map((record) => erasedRecord(topic, record, known))
}
