import type { Entity } from '../../../schemas/entity.ts'
import type { Layout } from './layout.ts'
import { allocate, pack, packedBound, unpack, type Words } from './words.ts'

/** First byte of every stored state; another number is another form. */
const FORM = 1
const SECTION_HEAD = 6

/** One part of an entity's state: a detector's, or the worker's own. */
export interface Section {
  /** Names detector, version and layout: state of another version starts empty instead of being misread. */
  readonly tag: number
  readonly layout: Layout<unknown>
}

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
 * All state of one entity while a batch touches it: one block of words a
 * section, read into plain objects, and `notes`, the few things of variable
 * length (open findings), kept as JSON; nearly no entity has any.
 */
export interface EntityState {
  readonly sections: readonly Section[]
  readonly blocks: readonly Words[]
  readonly states: readonly unknown[]
  notes: Notes | undefined
  /** Learnt something since it was last stored. */
  changed: boolean
}

/** State that nothing is known in. */
export function emptyState(sections: readonly Section[]): EntityState {
  const blocks = sections.map(({ layout }) => allocate(layout.words))
  return {
    sections,
    blocks,
    states: sections.map(({ layout }, index) => layout.read(blocks[index] ?? allocate(layout.words))),
    notes: undefined,
    changed: false,
  }
}

/** Packs a state: form, number of sections, each as tag, length and packed words, then the notes. */
export function encodeState(state: EntityState): Uint8Array {
  const notes = state.notes === undefined ? NOTHING : new TextEncoder().encode(JSON.stringify(state.notes))
  let bound = 2 + notes.length
  for (const { u32 } of state.blocks) bound += SECTION_HEAD + packedBound(u32.length)
  const bytes = new Uint8Array(bound)
  const view = new DataView(bytes.buffer)
  bytes[0] = FORM
  bytes[1] = state.sections.length
  let at = 2
  for (let index = 0; index < state.sections.length; index++) {
    const section = state.sections[index]
    const block = state.blocks[index]
    if (section === undefined || block === undefined) continue
    section.layout.write(block, state.states[index])
    view.setUint32(at, section.tag)
    view.setUint16(at + 4, block.u32.length)
    at = pack(block, bytes, at + SECTION_HEAD)
  }
  bytes.set(notes, at)
  return bytes.slice(0, at + notes.length)
}

/**
 * Reads what `encodeState` wrote. A section that is not asked for is skipped,
 * one that is missing is empty. Throws RangeError on another form or on bytes
 * that end early: a fault of storage, not of input.
 */
export function decodeState(sections: readonly Section[], bytes: Uint8Array): EntityState {
  if (bytes[0] !== FORM) throw new RangeError(`state has form ${bytes[0]}, this version reads ${FORM}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks = sections.map(({ layout }) => allocate(layout.words))
  let at = 2
  for (let stored = 0; stored < (bytes[1] ?? 0); stored++) {
    const tag = view.getUint32(at)
    const length = view.getUint16(at + 4)
    const block = blocks[sections.findIndex((section) => section.tag === tag)]
    const fits = block !== undefined && block.u32.length === length
    at = unpack(fits ? block : allocate(length), bytes, at + SECTION_HEAD)
  }
  return {
    sections,
    blocks,
    states: sections.map(({ layout }, index) => layout.read(blocks[index] ?? allocate(layout.words))),
    notes:
      at === bytes.length ? undefined : (JSON.parse(new TextDecoder().decode(bytes.subarray(at))) as Notes),
    changed: false,
  }
}

const NOTHING = new Uint8Array()
