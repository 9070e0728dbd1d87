import { setImmediate as turn } from 'node:timers/promises'
import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import type { Batch, LogRecord, OutRecord } from '../runtime/log/event-log.ts'
import { deadLetterRecord } from '../runtime/log/json-record.ts'
import type { LogTopic } from '../../schemas/topics.ts'
import type { StoredTopic } from './tables.ts'
import { storeBlock, type StoreOptions } from './store-block.ts'

/** Records made into rows before others get a turn: some 40 µs each, and requests wait in the same process. */
const SLICE = 64

interface Place {
  readonly topic: LogTopic
  readonly partition: number
  readonly record: LogRecord
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
  options: StoreOptions,
): Promise<readonly OutRecord[]> {
  const dead: OutRecord[] = []
  const put = ({ topic, partition, record }: Place, reason: string, detail: string) => {
    options.metrics.deadLetters.inc({ reason })
    // A dead letter that can't be stored would make another of itself; it stays on its topic and is counted.
    if (topic.name.endsWith('.dead-letter')) return
    dead.push(deadLetterRecord(topic, partition, record, { reason, detail }))
  }

  for (const [table, { rows, places }] of await byTable(batch, stored, put)) {
    const refused = await storeBlock({ table, token: batch.token, rows }, options)
    for (const index of refused) {
      const place = places[index]
      if (place) put(place, 'store-refused', `the table ${table} does not take this row`)
    }
  }
  return dead
}

async function byTable(
  batch: Batch,
  stored: ReadonlyMap<string, StoredTopic>,
  put: (place: Place, reason: string, detail: string) => void,
): Promise<Map<string, { rows: Row[]; places: Place[] }>> {
  const tables = new Map<string, { rows: Row[]; places: Place[] }>()
  for (const { topic, partition, records } of batch.parts) {
    const target = stored.get(topic.name)
    if (!target) throw new TypeError(`${topic.name} has no table`)
    let block = tables.get(target.table)
    if (!block) tables.set(target.table, (block = { rows: [], places: [] }))
    for (const [index, record] of records.entries()) {
      if (index % SLICE === SLICE - 1) await turn()
      const outcome = target.row(record, partition)
      if (outcome.kind === 'ok') {
        block.rows.push(outcome.value)
        block.places.push({ topic, partition, record })
      } else if (outcome.kind === 'dead-letter')
        put({ topic, partition, record }, outcome.reason, outcome.detail)
    }
  }
  return tables
}
