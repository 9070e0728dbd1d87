import { setImmediate as turn } from 'node:timers/promises'
import type { Batch, LogRecord, OutRecord } from '../runtime/log/event-log.ts'
import { deadLetterRecord } from '../runtime/log/json-record.ts'
import type { LogTopic } from '../../schemas/topics.ts'
import type { BlockBuilder } from './block.ts'
import type { TableTypes } from './table-types.ts'
import type { StoredTopic } from './tables.ts'
import { storeBlock, type StoreOptions } from './store-block.ts'

/** Records made into rows before others get a turn: some 10 us each, and requests wait in the same process. */
const SLICE = 128

/**
 * Rows of one insert. A batch of more is cut, always at the same rows, so that the
 * next block is made while the store takes the last one. An insert costs 90 ms of
 * flushes whatever its size, and 5 us a row (measured), hence not smaller; and the
 * last one of a batch is waited for, hence not larger.
 */
const BLOCK_ROWS = 16_384

interface Place {
  readonly topic: LogTopic
  readonly partition: number
  readonly record: LogRecord
}

export interface BatchOptions extends StoreOptions {
  readonly types: TableTypes
}

/**
 * Stores a batch, and returns what could not be stored, for the dead letters.
 *
 * The order is the point: 1. the batch's ranges were written down before it was
 * handed out (`pinned`), 2. its rows are inserted under the batch's token, and
 * flushed, 3. the log commits offsets and dead letters in one step. A crash after
 * 1 or 2 hands out the same ranges again, hence the same rows under the same
 * token, which the store drops; a crash after 3 has nothing to repeat.
 */
export async function storeBatch(
  batch: Batch,
  stored: ReadonlyMap<string, StoredTopic>,
  options: BatchOptions,
): Promise<readonly OutRecord[]> {
  const dead: OutRecord[] = []
  const put = ({ topic, partition, record }: Place, reason: string, detail: string) => {
    options.metrics.deadLetters.inc({ reason })
    // A dead letter that can't be stored would make another of itself; it stays on its topic and is counted.
    if (topic.name.endsWith('.dead-letter')) return
    dead.push(deadLetterRecord(topic, partition, record, { reason, detail }))
  }

  for (const [table, { open, places }] of await byTable(batch, stored, options.types)) {
    // At most one block is on its way while the next one is made.
    let last: Promise<void> = Promise.resolve()
    try {
      for (let first = 0, at = 0; at < places.length; first = at) {
        const builder = open()
        const taken: Place[] = []
        for (; at < places.length && builder.rows < BLOCK_ROWS; at++) {
          if (at % SLICE === SLICE - 1) await turn()
          const place = places[at]
          if (!place) continue
          const outcome = builder.add(place.record, place.partition)
          if (outcome.kind === 'ok') taken.push(place)
          else if (outcome.kind === 'dead-letter') put(place, outcome.reason, outcome.detail)
        }
        await last
        last = storeTaken({ table, token: `${batch.token}/${first}`, builder, taken })
        // Awaited above or below; a fault in between must not count as nobody's.
        last.catch(() => undefined)
      }
    } finally {
      await last
    }

    async function storeTaken(block: {
      table: string
      token: string
      builder: BlockBuilder
      taken: readonly Place[]
    }): Promise<void> {
      const { builder, taken, token } = block
      const rebuild = (from: number, to: number) => {
        const part = open()
        for (const { record, partition } of taken.slice(from, to)) part.add(record, partition)
        return part.body()
      }
      const whole = { table, token, rows: builder.rows, body: builder.body() }
      for (const index of await storeBlock(whole, rebuild, options)) {
        const place = taken[index]
        if (place) put(place, 'store-refused', `the table ${table} does not take this row`)
      }
    }
  }
  return dead
}

interface TableRecords {
  readonly open: () => BlockBuilder
  readonly places: Place[]
}

async function byTable(
  batch: Batch,
  stored: ReadonlyMap<string, StoredTopic>,
  types: TableTypes,
): Promise<ReadonlyMap<string, TableRecords>> {
  const tables = new Map<string, TableRecords>()
  for (const { topic, partition, records } of batch.parts) {
    const target = stored.get(topic.name)
    if (!target) throw new TypeError(`${topic.name} has no table`)
    // A batch is of one topic, so a table's records are all made into rows alike.
    let records_ = tables.get(target.table)
    if (!records_) {
      const columns = await types.of(target.table)
      tables.set(target.table, (records_ = { open: () => target.open(columns), places: [] }))
    }
    for (const record of records) records_.places.push({ topic, partition, record })
  }
  return tables
}
