import { BLOCK_HEADER, endBlock, readBlock, type StoredRecord } from './block.ts'
import { indexKey } from './index-key.ts'
import { firstUnread } from './removal.ts'
import { offsetOf, placeOf, type Store, type TopicStore } from './store.ts'

const STEP = 64
/** Superseded records below this are not worth a pass. */
const LEAST_SUPERSEDED = 1_000

/**
 * Whether the topic's superseded records outweigh half of its keys. A pass
 * costs one look at every block, so each record pays for a bounded share of
 * passes, and the log holds at most about one and a half records a key.
 */
export function dueForCompaction(store: Store, topic: TopicStore): boolean {
  let records = 0
  for (let partition = 0; partition < topic.partitions; partition++) {
    records += store.head(topic.topic.name, partition).records
  }
  const stats: object = topic.latest?.getStats() ?? {}
  const keys: unknown = Reflect.get(stats, 'entryCount')
  const live = typeof keys === 'number' ? keys : 0
  return records - live > Math.max(LEAST_SUPERSEDED, live / 2)
}

/**
 * Takes superseded records and tombstones out of some blocks; inside a write
 * transaction. A block keeps its place and its records their offsets, so that
 * the index stays right. What a group has not read stays until `keepAfterMs`
 * overtakes it.
 *
 * @returns the offset to go on from, or −1 at the end.
 */
export function compactBlocks(
  store: Store,
  topic: TopicStore,
  partition: number,
  from: number,
  keepAfterMs: number,
): { next: number; removed: number } {
  const name = topic.topic.name
  const head = store.head(name, partition)
  const unread = firstUnread(store, name, partition)
  const range = { start: placeOf(partition, from), end: placeOf(partition, head.next), limit: STEP + 1 }
  const blocks = [...topic.log.getRange(range)]
  let removed = 0
  for (const { key: place, value: block } of blocks.slice(0, STEP)) {
    const records: StoredRecord[] = []
    readBlock(block, offsetOf(place), 0, records)
    const kept = records.filter(
      (record) =>
        isLatest(topic, record, place) || (record.offset >= unread && record.appended_ms > keepAfterMs),
    )
    if (kept.length === records.length) continue
    // A block that is mostly alive is left alone: rewriting it would cost more than it frees.
    // If all are, fewer than a third of the keys' number is superseded, and no pass is due.
    if (kept.length > records.length * 0.75) continue
    removed += records.length - kept.length
    const rewritten = rewrite(block, kept)
    if (rewritten === undefined) void topic.log.remove(place)
    else void topic.log.put(place, rewritten)
    head.bytes -= block.length - (rewritten?.length ?? 0)
    head.records -= records.length - kept.length
  }
  const next = blocks[STEP]
  if (removed > 0) {
    head.low = head.next
    for (const key of topic.log.getKeys({
      start: placeOf(partition, 0),
      end: placeOf(partition, head.next),
      limit: 1,
    })) {
      head.low = offsetOf(key)
    }
    store.putHead(name, partition, head)
  }
  return { next: next === undefined ? -1 : offsetOf(next.key), removed }
}

function isLatest(topic: TopicStore, record: StoredRecord, place: number): boolean {
  const pointer = topic.latest?.get(indexKey(record.key))
  return (
    pointer !== undefined &&
    pointer.readDoubleLE(0) === place &&
    pointer.readUInt32LE(8) === record.offset - offsetOf(place)
  )
}

function rewrite(block: Buffer, kept: readonly StoredRecord[]): Buffer | undefined {
  if (kept.length === 0) return undefined
  const rewritten = Buffer.concat([block.subarray(0, BLOCK_HEADER), ...kept.map(({ bytes }) => bytes)])
  endBlock(rewritten, kept.length)
  return rewritten
}
