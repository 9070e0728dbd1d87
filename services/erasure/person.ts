import { z } from 'zod'
import type { Decision } from '../../schemas/decision.ts'
import { entityKey, subjectEntityId, type Entity } from '../../schemas/entity.ts'
import type { Erased } from '../../schemas/scrub.ts'

const Ids = z.array(z.string().min(1).max(300)).max(5_000)

/** Who is erased, with everything that leads to the person and to nobody else. Kept in a file while it is under way. */
export const Person = z.strictObject({
  tenant: z.string(),
  subject: z.strictObject({
    type: z.enum(['user', 'service', 'device', 'anonymous']),
    id: z.string().min(1),
  }),
  sessions: Ids,
  /** Devices, addresses and networks from which nobody else has come. */
  devices: Ids,
  addresses: Ids,
  prefixes: Ids,
})
export type Person = z.infer<typeof Person>

/** What the other parts ask about the person. */
export interface Names extends Erased {
  readonly person: Person
  /** The person as an entity: `user:alice`. */
  readonly entity_id: string
  /** Whether the decision is the person's: said so, or anonymous from an address that is the person's alone. */
  owns(decision: Pick<Decision, 'tenant' | 'subject' | 'context'>): boolean
  /** Whether the record's key names the person or what is the person's. */
  inKey(key: string): boolean
  /** Whether the bytes hold a name; the bare id of the subject, which may be any word, is looked for where `bare`. */
  inBytes(bytes: Uint8Array, bare: boolean): boolean
  /** All entities that are the person's. */
  readonly entities: readonly Entity[]
}

export function namesOf(person: Person): Names {
  const { tenant, subject, sessions, devices, addresses, prefixes } = person
  const entity_id = subjectEntityId(subject)
  const entities: Entity[] = [
    { type: 'subject', id: entity_id },
    ...sessions.map((id): Entity => ({ type: 'session', id })),
    ...devices.map((id): Entity => ({ type: 'device', id })),
    ...[...prefixes, ...addresses].map((id): Entity => ({ type: 'source', id })),
  ]
  const keys = new Set(entities.map((entity) => entityKey(tenant, entity)))
  const ids = new Set(entities.map(({ type, id }) => `${type}/${id}`))
  const words = new Set([...entities.map(({ id }) => id), subject.id, ...keys])
  const markers = entities.map(({ id }) => Buffer.from(id))
  const bare = [...markers, Buffer.from(subject.id)]
  const ips = new Set(addresses)
  return {
    person,
    entity_id,
    entities,
    has: ({ type, id }) => ids.has(`${type}/${id}`),
    word: (word) => words.has(word),
    owns: (decision) =>
      decision.tenant === tenant &&
      (subjectEntityId(decision.subject) === entity_id ||
        (decision.subject.type === 'anonymous' && ips.has(decision.context?.ip ?? ''))),
    inKey: (key) => {
      for (const own of keys)
        if (key === own || key.endsWith(`/${own}`) || key.includes(`${own}/`)) return true
      return false
    },
    inBytes: (bytes, withBare) => {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      return (withBare ? bare : markers).some((marker) => holds(buffer, marker))
    },
  }
}

/** As a word of its own: `alice` is not in `malice`, nor in `alice.smith`. */
function holds(buffer: Buffer, marker: Buffer): boolean {
  for (let at = buffer.indexOf(marker); at !== -1; at = buffer.indexOf(marker, at + 1))
    if (!isWord(buffer[at - 1]) && !isWord(buffer[at + marker.length])) return true
  return false
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9_.@+-]/.test(String.fromCharCode(byte))
}
