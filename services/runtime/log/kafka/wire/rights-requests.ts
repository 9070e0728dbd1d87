import type { KafkaRequest } from './request.ts'

/** What an authorizer lets this connection's user do with one thing. */
export interface Allowed {
  readonly name: string
  readonly error: number
  /** Of `OPERATIONS`, by bits. Meaningless where there is an error. */
  readonly operations: number
}

/** Codes of Kafka's operations; each is a bit of `operations`. @see KIP-430 */
export const OPERATIONS = { Read: 3, Write: 4, Delete: 6, Describe: 8, DescribeConfigs: 10 } as const
export type Operation = keyof typeof OPERATIONS

export interface Rights {
  readonly topics: readonly Allowed[]
  /** What may be done with the cluster itself, by bits. */
  readonly cluster: number
}

/** Metadata of version 8: with what may be done with each topic and the cluster. Without an authorizer that is everything. */
export function topicRights(topics: readonly string[]): KafkaRequest<Rights> {
  return {
    api: 3,
    version: 8,
    name: 'Metadata',
    encode(to) {
      to.array(topics, (topic) => to.string(topic))
      // No topic is made by asking.
      for (const flag of [0, 1, 1]) to.int8(flag)
    },
    decode(from) {
      from.int32()
      from.array(() => {
        from.int32()
        from.string()
        from.int32()
        from.string()
      })
      from.string()
      from.int32()
      const found = from.array(() => {
        const error = from.int16()
        const name = from.string() ?? ''
        from.int8()
        from.array(() => {
          from.int16()
          for (let i = 0; i < 3; i++) from.int32()
          for (let i = 0; i < 3; i++) from.array(() => from.int32())
        })
        return { name, error, operations: from.int32() }
      })
      return { topics: found, cluster: from.int32() }
    },
  }
}

/** DescribeGroups of version 3: with what may be done with the group. */
export function groupRights(group: string): KafkaRequest<Allowed> {
  return {
    api: 15,
    version: 3,
    name: 'DescribeGroups',
    encode(to) {
      to.array([group], (id) => to.string(id))
      to.int8(1)
    },
    decode(from) {
      from.int32()
      const [found] = from.array(() => {
        const error = from.int16()
        const name = from.string() ?? ''
        for (let i = 0; i < 3; i++) from.string()
        from.array(() => {
          for (let i = 0; i < 3; i++) from.string()
          for (let i = 0; i < 2; i++) from.bytes()
        })
        return { name, error, operations: from.int32() }
      })
      return found ?? { name: group, error: 0, operations: 0 }
    },
  }
}
