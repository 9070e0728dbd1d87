import type { Batch, OutRecord } from '../runtime/log/event-log.ts'
import { deadLetterRecord } from '../runtime/log/json-record.ts'
import type { Place } from './block.ts'
import { blocksOf, type MadeBlock } from './blocks-of.ts'
import type { TableTypes } from './table-types.ts'
import type { StoredTopic } from './tables.ts'
import { storeBlock, type StoreOptions } from './store-block.ts'

export interface BatchOptions extends StoreOptions {
  readonly types: TableTypes
}

/** Blocks of a batch that are made or being made before they are asked for, some 10 MB each. */
const AHEAD = 2

/** Inserts at once: half of an insert's time is waiting for the disk (measured), which the other one uses. */
const UNDER_WAY = 2

/** A batch's blocks, the next of which are being made. */
interface Making {
  readonly token: string
  readonly blocks: AsyncGenerator<MadeBlock, undefined>
  readonly next: Promise<IteratorResult<MadeBlock, undefined>>[]
}

export interface BatchStore {
  /** Begins to make the rows of a batch that will probably come next; nothing of it is stored. */
  prepare(batch: Batch): void
  /**
   * Stores a batch, and returns what could not be stored, for the dead letters.
   *
   * The order is the point: 1. the batch's ranges were written down before it was
   * handed out (`pinned`), 2. its rows are inserted under the batch's token, and
   * flushed, 3. the log commits offsets and dead letters in one step. A crash after
   * 1 or 2 hands out the same ranges again, hence the same rows under the same
   * token, which the store drops; a crash after 3 has nothing to repeat.
   */
  store(batch: Batch): Promise<readonly OutRecord[]>
}

export function openBatchStore(stored: ReadonlyMap<string, StoredTopic>, options: BatchOptions): BatchStore {
  let prepared: Making | undefined

  const make = (batch: Batch): Making => {
    const blocks = blocksOf(batch, stored, options.types)
    return { token: batch.token, blocks, next: Array.from({ length: AHEAD }, () => ahead(blocks)) }
  }
  return {
    prepare(batch) {
      if (prepared?.token === batch.token) return
      void prepared?.blocks.return(undefined)
      prepared = make(batch)
    },
    async store(batch) {
      const making = prepared?.token === batch.token ? prepared : make(batch)
      if (making === prepared) prepared = undefined
      const dead: OutRecord[] = []
      const underWay: Promise<readonly OutRecord[]>[] = []
      try {
        for (;;) {
          const made = await making.next.shift()
          if (made?.value === undefined) break
          making.next.push(ahead(making.blocks))
          if (underWay.length === UNDER_WAY) dead.push(...((await underWay.shift()) ?? []))
          const storing = storeMade(made.value, options)
          // Awaited in its turn; a fault before that must not count as nobody's.
          storing.catch(() => undefined)
          underWay.push(storing)
        }
        for (const storing of underWay) dead.push(...(await storing))
        return dead
      } finally {
        // The batch comes again only when nothing of it is on its way any more.
        await Promise.allSettled(underWay)
        void making.blocks.return(undefined)
      }
    },
  }
}

/** The next block, begun now; a fault is told to whoever waits for it, and until then is nobody's. */
function ahead(blocks: AsyncGenerator<MadeBlock, undefined>): Making['next'][number] {
  const next = blocks.next()
  next.catch(() => undefined)
  return next
}

async function storeMade(block: MadeBlock, options: BatchOptions): Promise<readonly OutRecord[]> {
  const dead: OutRecord[] = []
  const put = ({ topic, partition, record }: Place, reason: string, detail: string) => {
    options.metrics.deadLetters.inc({ reason })
    // A dead letter that can't be stored would make another of itself; it stays on its topic and is counted.
    if (topic.name.endsWith('.dead-letter')) return
    dead.push(deadLetterRecord(topic, partition, record, { reason, detail }))
  }
  for (const { place, outcome } of block.without)
    if (outcome.kind === 'dead-letter') put(place, outcome.reason, outcome.detail)
  const rebuild = async (from: number, to: number) => {
    const part = block.open(to - from)
    await part.add(block.taken.slice(from, to))
    return part.body()
  }
  for (const index of await storeBlock(block, rebuild, options)) {
    const place = block.taken[index]
    if (place) put(place, 'store-refused', `the table ${block.table} does not take this row`)
  }
  return dead
}
