import { z } from 'zod'
import type { OffsetRange } from '../../batch-token.ts'
import type { Part } from './assign.ts'
import { committedOf, listed } from '../read/offsets.ts'
import { fence, TRANSACTION_MS } from '../commit/fence.ts'
import { checkAll, retry } from '../retrying.ts'
import { commitOffsets, type CommittedOffset, type Membership } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'

/** A pinned range, with the offset to commit after it. */
export interface Pin extends OffsetRange {
  readonly next: number
}

/**
 * What stands beside a committed offset: the transactional ids of the
 * partition's owner, and the range that it pinned.
 */
const Note = z.object({
  ids: z.array(z.string()).default([]),
  pin: z.tuple([z.int(), z.int(), z.int()]).optional(),
})

export function noteOf(ids: readonly string[], pin?: Pin): string {
  return JSON.stringify({ ids, ...(pin === undefined ? {} : { pin: [pin.first, pin.last, pin.next] }) })
}

export interface Claimed extends Part {
  readonly from: number
  readonly pin: Pin | undefined
}

export interface ClaimParts {
  readonly link: Link
  /** Our own transactional ids. */
  readonly ids: readonly string[]
  readonly from: 'earliest' | 'latest'
}

/**
 * Takes partitions over that the group has given to us, in an order on which
 * everything depends:
 *
 * 1. who had them last is read from beside their offsets; if it is no member of
 *    this generation, its transactional ids are fenced: what it had open is
 *    aborted, and nothing of it can come any more. (Without this a killed
 *    member's open transaction would hold us up until the broker gives it up.)
 * 2. only then are the offsets read, and only stable ones: a transaction that
 *    is about to commit would move them (KIP-447).
 * 3. our own name is written beside them before anything is handled, so that
 *    the next owner finds us. It is written with our generation: the group
 *    refuses it if the partitions are another's by now.
 *
 * @throws KafkaFault when the group has moved on: then nothing is ours.
 */
export async function claim(
  parts: readonly Part[],
  as: Membership,
  living: readonly string[],
  { link, ids, from }: ClaimParts,
): Promise<Claimed[]> {
  const last = await committedOf(link, as.group, parts, { stable: false })
  const gone = new Set(last.flatMap(({ metadata }) => readNote(metadata).ids))
  for (const id of [...living, ...ids]) gone.delete(id)
  await Promise.all([...gone].map((id) => fence(link, id)))

  const stable = await committedOf(link, as.group, parts, { stable: true, within_ms: 3 * TRANSACTION_MS })
  const claimed = await withBeginnings(parts, stable, link, from)
  await retry(link, 5_000, 10, async () => {
    const node = await link.coordinator('group', as.group)
    const answers = await link.send(
      node,
      commitOffsets(
        as,
        claimed.map(({ topic, partition, from: offset, pin }) => ({
          topic,
          partition,
          offset,
          metadata: noteOf(ids, pin),
        })),
      ),
    )
    checkAll(`OffsetCommit of group ${as.group}`, answers)
  })
  return claimed
}

async function withBeginnings(
  parts: readonly Part[],
  committed: readonly CommittedOffset[],
  link: Link,
  from: 'earliest' | 'latest',
): Promise<Claimed[]> {
  const claimed: Claimed[] = []
  const beginnings = new Map<string, Map<number, number>>()
  for (const { topic, partition } of parts) {
    const found = committed.find((one) => one.topic === topic && one.partition === partition)
    if (found !== undefined && found.offset >= 0) {
      const { pin } = readNote(found.metadata)
      claimed.push({
        topic,
        partition,
        from: found.offset,
        pin: pin && { partition, first: pin[0], last: pin[1], next: pin[2] },
      })
      continue
    }
    let ofTopic = beginnings.get(topic)
    if (ofTopic === undefined) {
      const partitions = parts.filter((one) => one.topic === topic).map((one) => one.partition)
      ofTopic = await listed(link, topic, partitions, from)
      beginnings.set(topic, ofTopic)
    }
    claimed.push({ topic, partition, from: ofTopic.get(partition) ?? 0, pin: undefined })
  }
  return claimed
}

/** Anything else that somebody wrote there says nothing to us. */
function readNote(metadata: string): z.infer<typeof Note> {
  try {
    return Note.parse(JSON.parse(metadata))
  } catch {
    return { ids: [] }
  }
}
