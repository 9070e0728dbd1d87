import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { LogRecord, ReadOptions } from '../../event-log.ts'
import type { Names } from '../names.ts'
import { watermarksOf } from './offsets.ts'
import { retry } from '../retrying.ts'
import { fetch, type FetchedPartition } from '../wire/data-requests.ts'
import { check, CODES } from '../wire/faults.ts'
import type { Link } from '../wire/link.ts'
import { readRecordSet } from '../wire/record-set.ts'

const FETCH_BYTES = 2 * 1024 * 1024
const MAX_WAIT_MS = 100
const MAX_RECORDS = 1_000
const WITHIN_MS = 10_000

/**
 * A range of a partition, committed records only. The end may be in the middle
 * of an open transaction: its outcome is waited for, as the range would
 * otherwise be another at each reading.
 */
export async function* readRange(
  { link, names }: { readonly link: Link; readonly names: Names },
  topic: LogTopic,
  { partition, from, to, max_records = MAX_RECORDS }: ReadOptions,
): AsyncGenerator<readonly LogRecord[]> {
  const mark = (await watermarksOf(link, names, topic)).find((one) => one.partition === partition)
  if (mark === undefined) throw new RangeError(`${topic.name} has no partition ${partition}`)
  const end = Math.min(to ?? mark.high, mark.high)
  let held: LogRecord[] = []
  for (let position = Math.max(from ?? mark.low, mark.low); position < end;) {
    const { records, next } = await fetchOnce(link, names.topic(topic), partition, position)
    position = next
    for (const record of records) {
      if (record.offset >= end) break
      held.push(record)
      if (held.length < max_records) continue
      yield held
      held = []
    }
  }
  if (held.length > 0) yield held
}

async function fetchOnce(
  link: Link,
  topic: string,
  partition: number,
  offset: number,
): Promise<{ records: readonly LogRecord[]; next: number }> {
  const bounds = { max_wait_ms: MAX_WAIT_MS, min_bytes: 1, max_bytes: FETCH_BYTES }
  const request = fetch([{ topic, partition, offset, max_bytes: FETCH_BYTES }], bounds)
  let found: FetchedPartition | undefined
  await retry(link, WITHIN_MS, 10, async () => {
    const node = await link.leader(topic, partition)
    const [answer] = await link.send(node, request)
    check('Fetch', answer?.error ?? CODES.unknown_topic)
    found = answer
  })
  return found === undefined ? { records: [], next: offset } : readRecordSet(found.set, offset, found.aborted)
}
