import type { EventLog, OutRecord } from '../runtime/log/event-log.ts'

/** Records of a batch: large enough that the flush costs little, small enough that two fit anywhere. */
const BATCH_RECORDS = 1000
const BATCH_BYTES = 2 * 1024 * 1024

export interface ImportBatch {
  put(record: OutRecord): void
  /** Forgets what is not yet handed to the log. */
  abandon(): void
  /** Hands a full batch to the log, after the one before it is durable. */
  flushIfFull(): Promise<void>
  /** Hands over what there is and waits until it is durable. */
  finish(): Promise<void>
}

/**
 * Appends in batches, in order. While one is flushed the next is made: two are
 * in memory at most, so a fast source waits for the disk. `also` gives what
 * belongs to a batch and goes with it in one append, all or none; what it gives
 * as `durable` is called once that is done.
 */
export function importBatch(
  eventLog: EventLog,
  also: () => { readonly records: readonly OutRecord[]; readonly durable: () => void },
): ImportBatch {
  let batch: OutRecord[] = []
  let bytes = 0
  let flushing: Promise<void> = Promise.resolve()

  const flush = async (): Promise<void> => {
    await flushing
    if (batch.length === 0) return
    const { records, durable } = also()
    flushing = eventLog.append([...batch, ...records]).then(durable)
    // Its failure is told by the next `await flushing`; until then it is no unhandled one.
    flushing.catch(() => undefined)
    batch = []
    bytes = 0
  }

  return {
    put(record) {
      batch.push(record)
      bytes += record.value?.length ?? 0
    },
    abandon() {
      batch = []
      bytes = 0
    },
    async flushIfFull() {
      if (batch.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) await flush()
    },
    async finish() {
      await flush()
      await flushing
    },
  }
}
