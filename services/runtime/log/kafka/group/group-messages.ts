import { z } from 'zod'
import type { Candidate, Part } from './assign.ts'
import { byTopic } from '../wire/by-topic.ts'
import { Reader, Writer } from '../wire/bytes.ts'

/**
 * What members tell each other, inside the consumer protocol's own messages
 * (version 0), so that Kafka's tools show who has what; ours is in their user data.
 */

const Parts = z.array(z.object({ topic: z.string(), partition: z.int() }))
const Subscription = z.object({
  owned: Parts,
  generation: z.int(),
  transactional: z.array(z.string()),
})
const Assignment = z.object({ living: z.array(z.string()) })

export interface MemberMessage extends Candidate {
  /** Its transactional ids: who finds one of another in an offset's metadata knows whether its user lives. */
  readonly transactional: readonly string[]
}

export function encodeMember(member: Omit<MemberMessage, 'id'>): Buffer {
  const to = new Writer()
  to.int16(0)
  to.array(member.topics, (topic) => to.string(topic))
  const { owned, generation, transactional } = member
  to.bytes(Buffer.from(JSON.stringify({ owned, generation, transactional })))
  return to.written()
}

export function decodeMember(id: string, metadata: Buffer): MemberMessage {
  const from = new Reader(metadata)
  from.int16()
  const topics = from.array(() => from.string() ?? '')
  const told = Subscription.safeParse(parse(from.bytes()))
  return { id, topics, ...(told.data ?? { owned: [], generation: -1, transactional: [] }) }
}

export interface AssignmentMessage {
  readonly parts: readonly Part[]
  /** The transactional ids of every member of the generation. */
  readonly living: readonly string[]
}

export function encodeAssignment({ parts, living }: AssignmentMessage): Buffer {
  const to = new Writer()
  to.int16(0)
  to.array(byTopic(parts), ([topic, some]) => {
    to.string(topic)
    to.array(some, ({ partition }) => to.int32(partition))
  })
  to.bytes(Buffer.from(JSON.stringify({ living })))
  return to.written()
}

export function decodeAssignment(bytes: Buffer): AssignmentMessage {
  if (bytes.length === 0) return { parts: [], living: [] }
  const from = new Reader(bytes)
  from.int16()
  const parts = from
    .array(() => {
      const topic = from.string() ?? ''
      return from.array(() => ({ topic, partition: from.int32() }))
    })
    .flat()
  const told = Assignment.safeParse(parse(from.bytes()))
  return { parts, living: told.data?.living ?? [] }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
