import { hash32 } from '../hash.ts'
import type { Words } from './words.ts'

/** One field of a fixed layout. `read` and `write` are exact inverses: a value survives storage bit for bit. */
export interface Field<T> {
  /** Room in 32-bit words. */
  readonly words: number
  /** Names the form, so that a changed layout is noticed. */
  readonly form: string
  read(words: Words, at: number): T
  /** Nothing to do for fields that are views of the words. */
  write(words: Words, at: number, value: T): void
}

/** How a detector's state lies in words. */
export interface Layout<State> {
  readonly words: number
  /** Hash of all fields: state of another layout is not read as if it were this one. */
  readonly fingerprint: number
  /** `at`: where the layout begins, an even word. */
  read(words: Words, at: number): State
  write(words: Words, at: number, state: State): void
}

type Fields = Readonly<Record<string, Field<unknown>>>
export type StateOf<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** A double; every number of JavaScript fits. */
export const f64: Field<number> = {
  words: 2,
  form: 'f64',
  read: (words, at) => words.f64[at / 2] ?? 0,
  write(words, at, value) {
    words.f64[at / 2] = value
  },
}

/** A float of single precision, half the room once packed. What is assigned is rounded in `records`; elsewhere whoever assigns rounds. */
export const f32: Field<number> = {
  words: 2,
  form: 'f32',
  read: (words, at) => words.f32[at] ?? 0,
  write(words, at, value) {
    words.f32[at] = value
  },
}

/** A whole number from 0 to 2^32 - 1: a hash, a count, a flag. */
export const u32: Field<number> = {
  words: 2,
  form: 'u32',
  read: (words, at) => words.u32[at] ?? 0,
  write(words, at, value) {
    words.u32[at] = value
  },
}

/**
 * Text of at most `bytes` bytes of UTF-8. What is assigned must have been cut
 * by `clip` before, or memory and storage differ.
 */
export function text(bytes: number): Field<string> {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  return {
    words: Math.ceil(bytes / 8) * 2,
    form: `text${bytes}`,
    read(words, at) {
      const start = at * 4
      let end = start
      while (end < start + bytes && words.bytes[end] !== 0) end += 1
      return end === start ? '' : decoder.decode(words.bytes.subarray(start, end))
    },
    write(words, at, value) {
      const start = at * 4
      const written = writeAscii(words.bytes, start, bytes, value)
      if (written !== value.length) {
        const room = words.bytes.subarray(start, start + bytes)
        room.fill(0)
        encoder.encodeInto(value, room)
        return
      }
      // Whatever ends a text is followed by nothing but zeros.
      if (written < bytes && words.bytes[start + written] !== 0)
        words.bytes.fill(0, start + written, start + bytes)
    },
  }
}

/** Nearly all of our texts are short and plain: a loop is a third of the encoder's cost. Returns how many characters are plain and fit. */
function writeAscii(into: Uint8Array, at: number, room: number, value: string): number {
  const length = Math.min(room, value.length)
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index)
    if (code > 127) return index
    into[at + index] = code
  }
  return length
}

/** A fixed number of equal records, each a view of the words: nothing is copied in or out, however many there are. */
export function records<F extends Fields>(count: number, fields: F): Field<StateOf<F>[]> {
  const one = layout(fields)
  const view = viewsOf(fields)
  return {
    words: one.words * count,
    form: `${count}x${one.fingerprint}`,
    read: (words, at) => Array.from({ length: count }, (_, index) => view(words, at + index * one.words)),
    write() {
      // Views: the words already hold them.
    },
  }
}

/** Lays fields out one after the other, each at an even word, so that doubles are aligned. */
export function layout<F extends Fields>(fields: F): Layout<StateOf<F>> {
  const places = placesOf(fields)
  const last = places.at(-1)
  const fingerprint = hash32(places.map(({ name, field, at }) => `${name}:${field.form}@${at}`).join())
  return {
    words: last === undefined ? 0 : last.at + evenWords(last.field),
    fingerprint,
    read(block, start) {
      const state: Record<string, unknown> = {}
      for (const { name, field, at } of places) state[name] = field.read(block, start + at)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built from exactly these fields
      return state as StateOf<F>
    },
    write(block, start, state) {
      for (const { name, field, at } of places) field.write(block, start + at, state[name])
    },
  }
}

/** Makes objects whose members lie in words: what is assigned is written at once, what is asked for is read then. */
function viewsOf<F extends Fields>(fields: F): (words: Words, at: number) => StateOf<F> {
  class View {
    readonly #words: Words
    readonly #at: number

    constructor(words: Words, at: number) {
      this.#words = words
      this.#at = at
    }

    static {
      for (const { name, field, at } of placesOf(fields)) {
        Object.defineProperty(this.prototype, name, {
          get(this: View) {
            return field.read(this.#words, this.#at + at)
          },
          set(this: View, value: unknown) {
            field.write(this.#words, this.#at + at, value)
          },
        })
      }
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- has exactly these members
  return (words, at) => new View(words, at) as unknown as StateOf<F>
}

function placesOf<F extends Fields>(fields: F) {
  const places: { name: keyof F & string; field: Field<unknown>; at: number }[] = []
  let at = 0
  for (const name of Object.keys(fields) as (keyof F & string)[]) {
    const field = fields[name]
    if (field === undefined) continue
    places.push({ name, field, at })
    at += evenWords(field)
  }
  return places
}

function evenWords({ words }: Field<unknown>): number {
  return words + (words % 2)
}

/** Cuts text to `bytes` bytes of UTF-8 at a character's edge, and at the first NUL, which ends stored text. */
export function clip(value: string, bytes: number): string {
  const nul = value.indexOf('\u0000')
  const whole = nul === -1 ? value : value.slice(0, nul)
  if (whole.length <= bytes && plain(whole)) return whole
  if (whole.length * 3 <= bytes) return whole.isWellFormed() ? whole : whole.toWellFormed()
  let room = bytes
  let end = 0
  for (const character of whole.toWellFormed()) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    end += character.length
  }
  return whole.toWellFormed().slice(0, end)
}

/** One byte a character: nearly all that is cut. */
function plain(value: string): boolean {
  for (let index = 0; index < value.length; index++) if (value.charCodeAt(index) > 127) return false
  return true
}
