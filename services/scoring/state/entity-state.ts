import type { Entity } from '../../../schemas/entity.ts'
import { combine, hash32 } from './hash.ts'
import { f64, layout, type Layout, type StateOf } from './layout.ts'
import { packAll, unpackAll, type Tagged } from './packed.ts'
import { recentIds } from './recent-ids.ts'
import { allocate } from './words.ts'

/** One detector's part of an entity's state. */
export interface Section {
  /** Names detector, version and layout: state of another version starts empty instead of being misread. */
  readonly tag: number
  readonly layout: Layout<unknown>
}

const bookFields = { last_ms: f64, seen: recentIds(32) }
const bookLayout = layout(bookFields)
const BOOK_TAG = combine(hash32('book'), bookLayout.fingerprint)

/** The worker's own part: the newest event time, and the last ids. */
export type Book = StateOf<typeof bookFields>

/** A finding that is going on, as it must be known to revise it. */
export interface OpenCase {
  readonly detector: string
  readonly id: string
  readonly opened_at: string
  revision: number
  level: 'MEDIUM' | 'HIGH'
  /** At its highest so far. */
  score: number
  last_ms: number
  revised_ms: number
  total: number
  decision_ids: string[]
  entities: Entity[]
  /** Accounts that gave way. */
  taken: string[]
}

/** What has no fixed length and nearly no entity has. Every list is bounded by whoever adds to it. */
export interface Notes {
  cases: OpenCase[]
  /** Refused decisions of the last half hour, oldest first. */
  refused: { id: string; at_ms: number }[]
  /** Subjects that failed or got in from this source lately. */
  subjects: { id: string; at_ms: number }[]
}

/**
 * All state of one entity while a batch touches it: the worker's book, one
 * state a detector, and `notes`, the few things of variable length (open
 * findings), kept as JSON; nearly no entity has any.
 */
export interface EntityState {
  readonly book: Book
  readonly states: readonly unknown[]
  notes: Notes | undefined
  /** Learnt something since it was last stored. */
  changed: boolean
  encode(): Uint8Array
}

/** State as it was stored, or empty where it never was. */
export function openState(sections: readonly Section[], stored?: Uint8Array): EntityState {
  const bookBlock: Tagged = { tag: BOOK_TAG, words: allocate(bookLayout.words) }
  const blocks: Tagged[] = [bookBlock]
  for (const { tag, layout: form } of sections) blocks.push({ tag, words: allocate(form.words) })
  const tail = stored === undefined ? NOTHING : unpackAll(blocks, stored)
  const book = bookLayout.read(bookBlock.words)
  const states = sections.map(({ layout: form }, index) => form.read((blocks[index + 1] ?? bookBlock).words))
  return {
    book,
    states,
    notes: tail.length === 0 ? undefined : parseNotes(tail),
    changed: false,
    encode() {
      bookLayout.write(bookBlock.words, book)
      for (let index = 0; index < sections.length; index++) {
        const block = blocks[index + 1]
        if (block !== undefined) sections[index]?.layout.write(block.words, states[index])
      }
      const notes = this.notes
      return packAll(blocks, notes === undefined ? NOTHING : new TextEncoder().encode(JSON.stringify(notes)))
    },
  }
}

const NOTHING = new Uint8Array()

function parseNotes(bytes: Uint8Array): Notes {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own bytes, under the form's number
  return JSON.parse(new TextDecoder().decode(bytes)) as Notes
}
