import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { Watermarks } from '../../event-log.ts'
import type { Names } from '../names.ts'
import { checkAll, retry } from '../retrying.ts'
import { listOffsets, type ListedOffset, type OffsetAt } from '../wire/data-requests.ts'
import { check } from '../wire/faults.ts'
import { describeGroup, fetchOffsets, type CommittedOffset } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'

/** Asked for again this long while brokers are away. */
const WITHIN_MS = 10_000

/** First offset kept and next offset of each partition, of open transactions too. */
export async function watermarksOf(link: Link, names: Names, topic: LogTopic): Promise<Watermarks[]> {
  const name = names.topic(topic)
  const partitions = Array.from({ length: names.partitions(topic) }, (_, partition) => partition)
  const [low, high] = await Promise.all([
    listed(link, name, partitions, 'earliest'),
    listed(link, name, partitions, 'latest'),
  ])
  return partitions.map((partition) => ({
    partition,
    low: low.get(partition) ?? 0,
    high: high.get(partition) ?? 0,
  }))
}

export async function listed(
  link: Link,
  topic: string,
  partitions: readonly number[],
  at: OffsetAt,
): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  await retry(link, WITHIN_MS, 10, async () => {
    const byLeader = new Map<number, { topic: string; partition: number }[]>()
    for (const partition of partitions) {
      const leader = await link.leader(topic, partition)
      const same = byLeader.get(leader)
      if (same === undefined) byLeader.set(leader, [{ topic, partition }])
      else same.push({ topic, partition })
    }
    const asked = [...byLeader].map(([node, some]) => link.send(node, listOffsets(some, at)))
    const answers: ListedOffset[] = (await Promise.all(asked)).flat()
    checkAll('ListOffsets', answers)
    for (const { partition, offset } of answers) found.set(partition, offset)
  })
  return found
}

/** What a group committed. `stable` waits for open transactions that are about to move an offset. */
export async function committedOf(
  link: Link,
  group: string,
  partitions: readonly { topic: string; partition: number }[],
  options: { stable: boolean; within_ms?: number },
): Promise<CommittedOffset[]> {
  let found: CommittedOffset[] = []
  await retry(link, options.within_ms ?? WITHIN_MS, 10, async () => {
    const node = await link.coordinator('group', group)
    found = await link.send(node, fetchOffsets(group, partitions, options.stable))
    checkAll(`OffsetFetch of group ${group}`, found)
  })
  return found
}

export async function membersOf(link: Link, group: string): Promise<number> {
  let count = 0
  await retry(link, WITHIN_MS, 10, async () => {
    const node = await link.coordinator('group', group)
    const { error, members } = await link.send(node, describeGroup(group))
    check(`group ${group} (DescribeGroups)`, error)
    count = members
  })
  return count
}
