import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewatchError } from '../../errors.ts'
import type { LogRecord } from '../event-log.ts'
import {
  BLOCK_HEADER,
  blockAppendedMs,
  endBlock,
  MAX_VALUE_BYTES,
  readBlock,
  recordBytes,
  writeRecord,
  type BlockRecord,
  type StoredRecord,
} from './block.ts'
import { Committer } from './committer.ts'
import { indexKey } from './index-key.ts'
import { isAlive } from './processes.ts'
import { offsetOf, openStore, placeOf, type Store, type TopicStore } from './store.ts'

/** What becomes of a record: it stays, is another one at the same offset, or (of a compacted topic only) goes. */
export type Rewritten = 'keep' | 'remove' | BlockRecord
export type Rewrite = (topic: string, record: LogRecord, partition: number) => Rewritten

export interface RewriteOptions {
  /** Of the event log; other processes may have it open. */
  readonly directory: string
  readonly rewrite: Rewrite
  readonly told: (done: number, all: number) => void
}

/** Blocks of one transaction. */
const STEP = 64

/**
 * Changes records where they lie. Offsets and places stay, so groups, indexes
 * and readers that are at work go on as if nothing had happened; who holds a
 * record in memory holds it as it was. Each step is one transaction, and whoever
 * repeats the whole finds done what was done.
 *
 * What was there before is not reachable any more, yet its bytes are still in
 * pages that LMDB will use again: `compactLog` ends that.
 *
 * @returns records changed and removed, by topic; when they are on disk.
 */
export async function rewriteLog(options: RewriteOptions): Promise<ReadonlyMap<string, number>> {
  const store = openStore(options.directory, 1)
  const committer = new Committer(store, undefined, () => {})
  const changed = new Map<string, number>()
  try {
    store.checkFormat()
    store.refresh()
    const lanes = store
      .knownTopics()
      .flatMap((topic) => Array.from({ length: topic.partitions }, (_, partition) => ({ topic, partition })))
    const all = lanes.reduce((sum, lane) => sum + records(store, lane), 0)
    let done = 0
    for (const lane of lanes) {
      for (let from = 0; from >= 0;) {
        const step = { next: -1, read: 0, changed: 0 }
        const apply = () => Object.assign(step, rewriteBlocks(store, lane, from, options.rewrite))
        await committer.submit({ records: [], apply }).durable
        const { name } = lane.topic.topic
        if (step.changed > 0) changed.set(name, (changed.get(name) ?? 0) + step.changed)
        options.told((done += step.read), Math.max(done, all))
        from = step.next
      }
    }
    return changed
  } finally {
    await committer.close()
    await store.close()
  }
}

interface PartitionOf {
  readonly topic: TopicStore
  readonly partition: number
}

function records(store: Store, { topic, partition }: PartitionOf): number {
  return store.head(topic.topic.name, partition).records
}

/** Inside a write transaction; returns the offset to go on from, or −1. */
function rewriteBlocks(
  store: Store,
  { topic, partition }: PartitionOf,
  from: number,
  rewrite: Rewrite,
): { next: number; read: number; changed: number } {
  const { name } = topic.topic
  const head = store.head(name, partition)
  const range = { start: placeOf(partition, from), end: placeOf(partition, head.next), limit: STEP + 1 }
  const blocks = [...topic.log.getRange(range)]
  let [read, changed] = [0, 0]
  for (const { key: place, value: block } of blocks.slice(0, STEP)) {
    const found: StoredRecord[] = []
    readBlock(block, offsetOf(place), 0, found)
    read += found.length
    const fates = found.map((record) => checked(topic, rewrite(name, record, partition)))
    const touched = fates.filter((fate) => fate !== 'keep').length
    if (touched === 0) continue
    changed += touched
    for (const [index, record] of found.entries()) if (fates[index] === 'remove') forget(topic, place, record)
    const rewritten = blockOf(block, found, fates)
    if (rewritten === undefined) void topic.log.remove(place)
    else void topic.log.put(place, rewritten)
    head.bytes += (rewritten?.length ?? 0) - block.length
    head.records -= fates.filter((fate) => fate === 'remove').length
  }
  if (changed > 0) {
    head.low = head.next
    for (const key of topic.log.getKeys({ ...range, start: placeOf(partition, 0), limit: 1 }))
      head.low = offsetOf(key)
    store.putHead(name, partition, head)
  }
  const next = blocks[STEP]
  return { next: next === undefined ? -1 : offsetOf(next.key), read, changed }
}

function checked({ topic, latest }: TopicStore, fate: Rewritten): Rewritten {
  if (fate === 'remove' && latest === undefined)
    throw new TypeError(`${topic.name} keeps its records by time: one may be changed and not removed`)
  if (fate !== 'keep' && fate !== 'remove' && (fate.value?.length ?? 0) > MAX_VALUE_BYTES)
    throw new RangeError(`a value of ${topic.name} would be larger than ${MAX_VALUE_BYTES} bytes`)
  return fate
}

/** Takes the key out of the index, where this record is its newest. */
function forget({ latest }: TopicStore, place: number, record: StoredRecord): void {
  const key = indexKey(record.key)
  const pointer = latest?.get(key)
  if (pointer?.readDoubleLE(0) === place && pointer.readUInt32LE(8) === record.offset - offsetOf(place))
    void latest?.remove(key)
}

function blockOf(
  block: Buffer,
  found: readonly StoredRecord[],
  fates: readonly Rewritten[],
): Buffer | undefined {
  const appended = blockAppendedMs(block)
  let room = BLOCK_HEADER
  for (const [index, record] of found.entries()) {
    const fate = fates[index]
    room +=
      fate === 'keep' || fate === undefined ? record.bytes.length : fate === 'remove' ? 0 : recordBytes(fate)
  }
  // Filled with zeros: what lies unused at the end of a page must not be somebody's.
  const into = Buffer.alloc(room)
  block.copy(into, 0, 0, BLOCK_HEADER)
  let at = BLOCK_HEADER
  let count = 0
  for (const [index, record] of found.entries()) {
    const fate = fates[index]
    if (fate === 'remove' || fate === undefined) continue
    if (fate === 'keep') at += record.bytes.copy(into, at)
    else at = writeRecord(into, at, record.bytes.readUInt32LE(4), record.appended_ms - appended, fate)
    count++
  }
  endBlock(into, count)
  return count === 0 ? undefined : into.subarray(0, at)
}

/**
 * Writes the log's living pages into a new file and puts it in the place of the
 * old one: bytes of what was removed or changed are then in no file. Nobody may
 * have the log open. Takes as much free space as the log's records.
 *
 * The old file's blocks are the file system's to use again; on a disk that keeps
 * copies (snapshots, some SSDs) they may be there for longer.
 *
 * @throws GatewatchError `ERR_DATA_DIR_IN_USE` when somebody of this machine has it open.
 */
export async function compactLog(directory: string): Promise<void> {
  const path = join(directory, 'log.mdb')
  const compacted = `${path}.compact`
  await rm(compacted, { force: true })
  const store = openStore(directory, 1)
  try {
    store.checkFormat()
    const other = [...store.processes.getRange()].find(
      ({ value }) => value.pid !== process.pid && isAlive(value),
    )
    if (other !== undefined)
      throw new GatewatchError(
        'ERR_DATA_DIR_IN_USE',
        `Process ${other.value.pid} has the event log in ${directory} open; stop it first.`,
        { retriable: true },
      )
    await store.env.backup(compacted, true)
  } finally {
    await store.close()
  }
  const file = await open(compacted, 'r+')
  await file.sync()
  await file.close()
  await rename(compacted, path)
  // The number of the newest transaction is in it, and the new file counts from the beginning.
  await rm(`${path}-lock`, { force: true })
  const folder = await open(directory, 'r')
  await folder.sync()
  await folder.close()
}
