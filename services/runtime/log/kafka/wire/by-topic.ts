import type { Reader, Writer } from './bytes.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface PartitionError extends TopicPartition {
  readonly error: number
}

/** Topics, each with its partitions; `write` gives what follows a partition's number. */
export function writeByTopic<T extends TopicPartition>(
  to: Writer,
  items: readonly T[],
  write: (item: T) => void = () => {},
): void {
  to.array(byTopic(items), ([topic, parts]) => {
    to.string(topic)
    to.array(parts, (part) => {
      to.int32(part.partition)
      write(part)
    })
  })
}

/** The same in flexible versions, where a partition and a topic each end with tagged fields (KIP-482). */
export function writeCompactByTopic<T extends TopicPartition>(
  to: Writer,
  items: readonly T[],
  write: (item: T) => void,
): void {
  to.compactArray(byTopic(items), ([topic, parts]) => {
    to.compactString(topic)
    to.compactArray(parts, (part) => {
      to.int32(part.partition)
      write(part)
      to.tags()
    })
    to.tags()
  })
}

/** Reads topics with their partitions, all in one list; `read` takes what follows a partition's number. */
export function readByTopic<T>(from: Reader, read: (place: TopicPartition) => T): T[] {
  return from
    .array(() => {
      const topic = from.string() ?? ''
      return from.array(() => read({ topic, partition: from.int32() }))
    })
    .flat()
}

/** The same in flexible versions. */
export function readCompactByTopic<T>(from: Reader, read: (place: TopicPartition) => T): T[] {
  return from
    .compactArray(() => {
      const topic = from.compactString() ?? ''
      const parts = from.compactArray(() => {
        const part = read({ topic, partition: from.int32() })
        from.tags()
        return part
      })
      from.tags()
      return parts
    })
    .flat()
}

export function byTopic<T extends { readonly topic: string }>(items: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const same = topics.get(item.topic)
    if (same === undefined) topics.set(item.topic, [item])
    else same.push(item)
  }
  return [...topics]
}
