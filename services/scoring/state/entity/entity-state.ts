import type { Entity } from '../../../../schemas/entity.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import type { Explanation } from '../../detector.ts'
import { combine, hash32 } from '../hash.ts'
import { f64, layout, type Layout, type StateOf } from '../form/layout.ts'
import { NO_FOREIGN, packAll, unpackAll, type Foreign, type StateHead } from '../form/packed.ts'
import type { PolicyRuns } from './policy-runs.ts'
import { recentIds } from './recent-ids.ts'
import { allocate, type Tagged } from '../form/words.ts'

const bookFields = { last_ms: f64, seen: recentIds(21) }
const bookLayout = layout(bookFields)
const BOOK_TAG = combine(hash32('book'), bookLayout.fingerprint)

/** The worker's own part: the newest event time, and the last ids. */
export type Book = StateOf<typeof bookFields>

/** How the state of one kind of entity lies in one block of words: the book first, then one part a detector. */
export interface Plan {
  readonly words: number
  readonly blocks: readonly Tagged[]
  readonly layouts: readonly Layout<unknown>[]
}

/** Lays parts out one after the other. A part's tag names detector, version and layout: state of another version starts empty instead of being misread. */
export function planOf(parts: readonly { readonly name: string; readonly layout: Layout<unknown> }[]): Plan {
  const blocks: Tagged[] = [{ tag: BOOK_TAG, at: 0, length: bookLayout.words }]
  let words = bookLayout.words
  for (const { name, layout: form } of parts) {
    blocks.push({ tag: combine(hash32(name), form.fingerprint), at: words, length: form.words })
    words += form.words
  }
  return { words, blocks, layouts: parts.map((part) => part.layout) }
}

/** A finding that is going on, as it must be known to revise it. */
export interface OpenCase {
  /** Of which detector; `joint` where the evidence of all was added up. */
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
  /** Of a joint case: what the decision that said most said, and what each detector has said. */
  leader?: Leader
  parts?: JointPart[]
}

/** The detector that spoke most clearly, with its figures. */
export interface Leader {
  readonly id: string
  readonly version: number
  readonly technique: string
  readonly nats: number
  readonly explanation: Explanation
}

/** What one detector has said in a joint case. */
export type JointPart = NonNullable<Finding['contributions']>[number]

/** What has no fixed length and nearly no entity has. Every list is bounded by whoever adds to it. */
export interface Notes {
  cases: OpenCase[]
  /** Refused decisions of the last half hour, oldest first. */
  refused: { id: string; at_ms: number }[]
  /** Subjects that failed or got in from this source lately. */
  subjects: { id: string; at_ms: number }[]
  /** Of a place of a policy, and of nothing else. */
  policy?: PolicyRuns
}

/** The notes of whoever may have some; from now on there are. */
export function notesOf(holder: { notes: Notes | undefined }): Notes {
  return (holder.notes ??= { cases: [], refused: [], subjects: [] })
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
  head: StateHead
  encode(): Uint8Array
}

/**
 * State as it was stored, or empty where it never was. What another version's
 * detectors wrote there is carried along for a week: long enough to roll an
 * upgrade out, or back.
 */
export function openState({ words: length, blocks, layouts }: Plan, stored?: Uint8Array): EntityState {
  const words = allocate(length)
  const { head, foreign, tail } = stored === undefined ? EMPTY : unpackAll(words, blocks, stored)
  const book = bookLayout.read(words, 0)
  const states = layouts.map((form, index) => form.read(words, blocks[index + 1]?.at ?? 0))
  return {
    book,
    states,
    notes: tail.length === 0 ? undefined : parseNotes(tail),
    head,
    encode() {
      bookLayout.write(words, 0, book)
      for (let index = 0; index < layouts.length; index++) {
        layouts[index]?.write(words, blocks[index + 1]?.at ?? 0, states[index])
      }
      const notes = this.notes === undefined ? NOTHING : new TextEncoder().encode(JSON.stringify(this.notes))
      return packAll(words, blocks, notes, this.head, carried(foreign, this.head.hour))
    },
  }
}

const NOTHING = new Uint8Array()
const EMPTY = { head: { hour: 0, established: false }, foreign: NO_FOREIGN, tail: NOTHING }
const CARRIED_HOURS = 7 * 24

/** Another version's blocks while they may be wanted again. */
function carried(foreign: Foreign, hour: number): Foreign {
  if (foreign.blocks.length === 0) return NO_FOREIGN
  const since = foreign.since === 0 ? hour : foreign.since
  return hour - since > CARRIED_HOURS ? NO_FOREIGN : { blocks: foreign.blocks, since }
}

function parseNotes(bytes: Uint8Array): Notes {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own bytes, under the form's number
  return JSON.parse(new TextDecoder().decode(bytes)) as Notes
}
