import type { Batch } from '../runtime/log/event-log.ts'
import type { Block, BlockBuilder, NoRow, Place } from './block.ts'
import type { TableTypes } from './table-types.ts'
import type { StoredTopic } from './tables.ts'

/**
 * Rows of one insert. A batch of more is cut, always at the same rows, so that the
 * next blocks are made while the store takes the last ones. An insert costs 40 to 90 ms
 * of flushes whatever its size, and 5 us a row (measured), hence not smaller; and the
 * last one of a batch is waited for, hence not larger.
 */
const BLOCK_ROWS = 16_384

/**
 * Bytes of one insert's records. The embedded engine takes 64 MiB at once, and a row may be a third
 * larger than its record (a dead letter's value as base64): a block that it refuses would come again for ever.
 */
const BLOCK_BYTES = 41_943_040

/** A block, and what it was made from. */
export interface MadeBlock extends Block {
  /** The records of its rows. */
  readonly taken: readonly Place[]
  readonly without: readonly { readonly place: Place; readonly outcome: NoRow['outcome'] }[]
  /** An empty block of the same table. */
  readonly open: (rows: number) => BlockBuilder
}

/** Makes a batch's blocks one after the other; the same batch gives the same ones. */
export async function* blocksOf(
  batch: Batch,
  stored: ReadonlyMap<string, StoredTopic>,
  types: TableTypes,
): AsyncGenerator<MadeBlock, undefined> {
  for (const [table, { open, places }] of await byTable(batch, stored, types)) {
    for (let first = 0, at = 0; at < places.length; first = at) {
      const builder = open(Math.min(BLOCK_ROWS, places.length - at))
      let ended = false
      try {
        const taken: Place[] = []
        const without: MadeBlock['without'][number][] = []
        let room = BLOCK_BYTES
        while (at < places.length && builder.rows < BLOCK_ROWS && room > 0) {
          const some: Place[] = []
          for (; at < places.length && builder.rows + some.length < BLOCK_ROWS && room > 0; at++) {
            const place = places[at]
            if (place === undefined) break
            some.push(place)
            room -= place.record.value?.length ?? 0
          }
          const none = new Map((await builder.add(some)).map(({ index, outcome }) => [index, outcome]))
          for (const [index, place] of some.entries()) {
            const outcome = none.get(index)
            if (outcome) without.push({ place, outcome })
            else taken.push(place)
          }
        }
        ended = true
        const body = await builder.body()
        yield { table, token: `${batch.token}/${first}`, rows: builder.rows, body, taken, without, open }
      } finally {
        if (!ended) builder.discard()
      }
    }
  }
  return undefined
}

interface TableRecords {
  readonly open: (rows: number) => BlockBuilder
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
      tables.set(target.table, (records_ = { open: (rows) => target.open(columns, rows), places: [] }))
    }
    for (const record of records) records_.places.push({ topic, partition, record })
  }
  return tables
}
