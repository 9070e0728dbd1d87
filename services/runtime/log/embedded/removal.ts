import { blockAppendedMs, blockCount } from './block.ts'
import { offsetOf, placeOf, type Store, type TopicStore } from './store.ts'

/** Blocks of one step, at most a megabyte of them when they are full. */
const STEP = 64

export interface Removed {
  blocks: number
  records: number
  /** Of these, how many some group had not yet read. */
  unread: number
}

/** Removes a partition's oldest blocks that were appended before `beforeMs`; inside a write transaction. */
export function removeOldest(
  store: Store,
  topic: TopicStore,
  partition: number,
  beforeMs: number,
  removed: Removed,
): void {
  const name = topic.topic.name
  const head = store.head(name, partition)
  const range = { start: placeOf(partition, 0), end: placeOf(partition, head.next), limit: STEP + 1 }
  const blocks = [...topic.log.getRange(range)]
  let low = head.next
  for (const [index, { key, value }] of blocks.entries()) {
    if (index === STEP || blockAppendedMs(value) >= beforeMs) {
      low = offsetOf(key)
      break
    }
    void topic.log.remove(key)
    removed.blocks++
    removed.records += blockCount(value)
    head.bytes -= value.length
    head.records -= blockCount(value)
  }
  if (removed.blocks === 0) return
  const read = firstUnread(store, name, partition)
  removed.unread = Math.max(0, low - Math.max(read, head.low))
  store.putHead(name, partition, { ...head, low })
}

/** The lowest offset that some group has still to read; infinite when no group has read the topic. */
export function firstUnread(store: Store, topic: string, partition: number): number {
  const ending = `/${topic}/${partition}`
  let first = Infinity
  for (const { key, value } of store.offsets.getRange())
    if (key.endsWith(ending)) first = Math.min(first, value)
  return first
}
