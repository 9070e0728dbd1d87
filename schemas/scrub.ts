import { EntityType, type Entity } from './entity.ts'
import { isRecord } from './record.ts'

/** What stands where something that names a person was. */
export const ERASED = 'erased'

/** Whom to erase: by names, or by marks of names. */
export interface Erased {
  has(entity: Entity): boolean
  /** Whether a word of free text is a name of the person, of a session, a device or an address. */
  word(word: string): boolean
}

/** An entity without its name; of a subject the kind is left. */
export function erasedEntity({ type, id }: Entity): Entity {
  if (type !== 'subject') return { type, id: ERASED }
  const colon = id.indexOf(':')
  return { type, id: `${colon === -1 ? 'user' : id.slice(0, colon)}:${ERASED}` }
}

/** Whether it is what `erasedEntity` leaves: not one person, but all who were erased. */
export function isErasedEntity({ id }: Entity): boolean {
  return id === ERASED || id.endsWith(`:${ERASED}`)
}

/** Fields whose text people read, or whose values rules and detectors took from decisions. */
const TEXTS = new Set(['summary', 'title', 'description', 'advice', 'note', 'detail', 'evidence', 'values'])
/** Fields that hold the id of one entity. */
const FIELDS: Readonly<Record<string, EntityType>> = {
  subject: 'subject',
  session_id: 'session',
  device_id: 'device',
  ip: 'source',
  prefix: 'source',
}
/** What stands for a text that is about the person as a whole: none of its words is worth a doubt. */
const GONE = 'Erased at the request of the person whom it was about.'

/**
 * A record of ours (finding, story, verdict, activity, alert …) without the
 * person; the same object when it names nobody. Shape and types stay, so that
 * every reader goes on. Where the record is about the person, its texts go as a
 * whole; where it only touches the person, the names in them do.
 */
export function scrub(value: unknown, who: Erased): unknown {
  const about = isRecord(value) && isAbout(value, who)
  const clean = walk(value, who, about, false)
  return isRecord(value) && isRecord(clean) && clean['subject'] !== value['subject']
    ? withoutPlace(clean)
    : clean
}

/** Slim records of a decision say where the person was, whoever else was there. */
function withoutPlace(value: Record<string, unknown>): Record<string, unknown> {
  const { session_id: _session, habits: _habits, ...clean } = value
  for (const [name, empty] of PLACE) if (name in clean) clean[name] = empty
  return clean
}

const PLACE: readonly (readonly [string, unknown])[] = [
  ['ip', ''],
  ['country', ''],
  ['asn', 0],
  ['user_agent_family', ''],
]

/** Whether the record's main entity is the person's. */
function isAbout(value: Record<string, unknown>, who: Erased): boolean {
  const main = entityOf(value['entity'])
  if (main !== undefined) return who.has(main)
  const first = Array.isArray(value['suspects'])
    ? (value['suspects'][0] ?? null)
    : Array.isArray(value['entities'])
      ? value['entities'][0]
      : null
  const entity = entityOf(first)
  return entity !== undefined && who.has(entity)
}

function walk(value: unknown, who: Erased, about: boolean, text: boolean): unknown {
  if (typeof value === 'string') return text ? withoutNames(value, who) : value
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    const clean = list.map((member) => walk(member, who, about, text))
    return clean.every((member, index) => member === list[index]) ? value : clean
  }
  if (!isRecord(value)) return value
  const entity = entityOf(value)
  let clean: Record<string, unknown> | undefined
  const put = (key: string, member: unknown) => {
    clean ??= { ...value }
    clean[key] = member
  }
  if (entity !== undefined && who.has(entity)) put('id', erasedEntity(entity).id)
  for (const [key, member] of Object.entries(value)) {
    const next = field(key, member, who, about, text)
    if (next !== member) put(key, next)
  }
  return clean ?? value
}

function field(key: string, member: unknown, who: Erased, about: boolean, text: boolean): unknown {
  const type = FIELDS[key]
  if (typeof member === 'string' && type !== undefined && !text) {
    const entity = { type, id: member }
    return who.has(entity) ? erasedEntity(entity).id : member
  }
  const isText = text || TEXTS.has(key)
  if (!(isText && about)) return walk(member, who, about, isText)
  if (typeof member === 'string') return key === 'detail' || text ? ERASED : GONE
  // Figures without what they are figures of tell nothing and could tell much.
  return isRecord(member) ? {} : walk(member, who, about, isText)
}

/** Words as names are: what a sentence puts around them does not count. */
const WORD = /[\p{L}\p{N}_.@+:/\\-]+/gu
const ENDING = /[.:]+$/

function withoutNames(text: string, who: Erased): string {
  if (who.word(text)) return ERASED
  return text.replace(WORD, (found) => {
    const word = found.replace(ENDING, '')
    return who.word(word) ? ERASED + found.slice(word.length) : found
  })
}

function entityOf(value: unknown): Entity | undefined {
  if (!isRecord(value)) return undefined
  const { type, id } = value
  const known = EntityType.safeParse(type)
  return known.success && typeof id === 'string' ? { type: known.data, id } : undefined
}
