import {
  byTopic,
  readByTopic,
  readCompactByTopic,
  writeByTopic,
  type PartitionError,
  type TopicPartition,
} from './by-topic.ts'
import type { Writer } from './bytes.ts'
import { readError, type KafkaRequest } from './request.ts'

export interface Coordinator {
  readonly error: number
  readonly node: number
}

export function findCoordinator(kind: 'group' | 'transaction', id: string): KafkaRequest<Coordinator> {
  return {
    api: 10,
    version: 2,
    name: 'FindCoordinator',
    encode(to) {
      to.string(id)
      to.int8(kind === 'group' ? 0 : 1)
    },
    decode(from) {
      from.int32()
      const error = from.int16()
      from.string()
      return { error, node: from.int32() }
    },
  }
}

export interface Joined {
  readonly error: number
  readonly generation: number
  readonly leader: string
  readonly member: string
  /** Only the leader is told of the members. */
  readonly members: readonly { readonly id: string; readonly metadata: Buffer }[]
}

export interface JoinOptions {
  readonly group: string
  readonly member: string
  readonly session_ms: number
  readonly rebalance_ms: number
  readonly protocol: string
  readonly metadata: Uint8Array
}

export function joinGroup(options: JoinOptions): KafkaRequest<Joined> {
  return {
    api: 11,
    version: 5,
    name: 'JoinGroup',
    held_ms: options.rebalance_ms,
    encode(to) {
      to.string(options.group)
      to.int32(options.session_ms)
      to.int32(options.rebalance_ms)
      to.string(options.member)
      to.string(null)
      to.string('consumer')
      to.array([options], ({ protocol, metadata }) => {
        to.string(protocol)
        to.bytes(metadata)
      })
    },
    decode(from) {
      from.int32()
      const error = from.int16()
      const generation = from.int32()
      from.string()
      const leader = from.string() ?? ''
      const member = from.string() ?? ''
      const members = from.array(() => {
        const id = from.string() ?? ''
        from.string()
        return { id, metadata: from.bytes() }
      })
      return { error, generation, leader, member, members }
    },
  }
}

/** A member in a generation: what a commit is checked against. */
export interface Membership {
  readonly group: string
  readonly member: string
  readonly generation: number
}

function writeMembership(to: Writer, { group, generation, member }: Membership): void {
  to.string(group)
  to.int32(generation)
  to.string(member)
  to.string(null)
}

export function syncGroup(
  as: Membership,
  assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  heldMs: number,
): KafkaRequest<{ error: number; assignment: Buffer }> {
  return {
    api: 14,
    version: 3,
    name: 'SyncGroup',
    held_ms: heldMs,
    encode(to) {
      writeMembership(to, as)
      to.array(assignments, ({ member, assignment }) => {
        to.string(member)
        to.bytes(assignment)
      })
    },
    decode(from) {
      from.int32()
      return { error: from.int16(), assignment: from.bytes() }
    },
  }
}

export function heartbeat(as: Membership): KafkaRequest<{ error: number }> {
  return {
    api: 12,
    version: 3,
    name: 'Heartbeat',
    encode: (to) => writeMembership(to, as),
    decode: readError,
  }
}

export function leaveGroup(as: Membership): KafkaRequest<{ error: number }> {
  return {
    api: 13,
    version: 2,
    name: 'LeaveGroup',
    encode(to) {
      to.string(as.group)
      to.string(as.member)
    },
    decode: readError,
  }
}

export function describeGroup(group: string): KafkaRequest<{ error: number; members: number }> {
  return {
    api: 15,
    version: 2,
    name: 'DescribeGroups',
    encode: (to) => to.array([group], (id) => to.string(id)),
    decode(from) {
      from.int32()
      const [found] = from.array(() => {
        const error = from.int16()
        for (let i = 0; i < 4; i++) from.string()
        const members = from.array(() => {
          for (let i = 0; i < 3; i++) from.string()
          from.bytes()
          from.bytes()
        })
        return { error, members: members.length }
      })
      return found ?? { error: 0, members: 0 }
    },
  }
}

export interface CommittedOffset extends PartitionError {
  /** Next offset to handle; -1 when the group never committed one. */
  readonly offset: number
  readonly metadata: string
}

/** `stable`: refused (88) for partitions whose offset an open transaction is about to move (KIP-447). */
export function fetchOffsets(
  group: string,
  partitions: readonly TopicPartition[],
  stable: boolean,
): KafkaRequest<CommittedOffset[]> {
  return {
    api: 9,
    version: 7,
    name: 'OffsetFetch',
    flexible: true,
    encode(to) {
      to.compactString(group)
      // A bare number, which no tagged fields follow.
      to.compactArray(byTopic(partitions), ([topic, parts]) => {
        to.compactString(topic)
        to.compactArray(parts, ({ partition }) => to.int32(partition))
        to.tags()
      })
      to.int8(stable ? 1 : 0)
      to.tags()
    },
    decode(from) {
      from.int32()
      const found = readCompactByTopic(from, (place) => {
        const offset = from.int64()
        from.int32()
        const metadata = from.compactString() ?? ''
        return { ...place, offset, metadata, error: from.int16() }
      })
      const error = from.int16()
      return error === 0 ? found : [{ topic: '', partition: -1, offset: -1, metadata: '', error }]
    },
  }
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly metadata: string
}

export function commitOffsets(
  as: Membership,
  offsets: readonly OffsetToCommit[],
): KafkaRequest<PartitionError[]> {
  return {
    api: 8,
    version: 7,
    name: 'OffsetCommit',
    encode(to) {
      writeMembership(to, as)
      writeByTopic(to, offsets, ({ offset, metadata }) => {
        to.int64(offset)
        to.int32(-1)
        to.string(metadata)
      })
    },
    decode(from) {
      from.int32()
      return readByTopic(from, (place) => ({ ...place, error: from.int16() }))
    },
  }
}
