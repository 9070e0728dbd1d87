import type { Field } from '../state/form/layout.ts'
import type { Words } from '../state/form/words.ts'

const REVISIONS = 3
const FIRST_DAYS = 4
/** A first day waits so long for a second one before another place may have its cell: days. */
const WAIT_DAYS = 4
const PLACES = 20
const PLACES_AT = REVISIONS + FIRST_DAYS
/** A place that was not used for so many days is no habit any more. */
const FORGET_DAYS = 30

/** What a decision of a person says of a policy revision. */
interface Change {
  readonly kind: 'kept' | 'blocked' | 'blocked_again' | 'let_in' | 'refused'
  /** It is the first that this revision says of the person at this place. */
  readonly first: boolean
  /** Hash of the revision that let the person in last; 0: not known any more. */
  readonly before: number
  /** Hash of the revision whose block ends here; 0: none does. */
  readonly releases: number
}

/**
 * Where a person is established, and what each revision of a policy said there
 * first. A place is established once it was used on two days within a month:
 *
 *     words = 3 revisions (hash, in the order in which they were met)
 *           ‖ 4 places of a first day (16 bits of the hash, 16 bits day), each in the cell of its hash
 *           ‖ 20 established places
 *     place = tag (16) ‖ day (8) ‖ seen (2) ‖ judged (2) ‖ blocked (1) ‖ refused (1)
 *
 * `seen` is the revision that let the person in last, `judged` the newest one
 * that has said anything, each by its place among the three; 0 is one of long
 * ago. A revision that was met before the judged one is an older one, still in
 * force at another gateway or back in force, and is not judged again.
 *
 * A view of the words. The day is kept modulo 256, which is exact: whoever is
 * idle for 90 days is forgotten altogether, and what is older than 30 days goes
 * whenever a new day begins at any place.
 */
export class PolicyHabits {
  readonly #u32: Uint32Array
  readonly #at: number

  constructor(words: Words, at: number) {
    this.#u32 = words.u32
    this.#at = at
  }

  /** Takes in that a revision let the person in; `day` counts from the epoch. */
  permitted(place: number, revision: number, day: number): Change | undefined {
    const known = this.#find(place, day)
    const rank = this.#rankOf(revision)
    if (known === -1) {
      this.#firstDays(place, rank, day)
      return undefined
    }
    const word = this.#u32[known] ?? 0
    const before = this.#revision(seenOf(word))
    const blocked = isBlocked(word)
    const first = rank > judgedOf(word)
    const releases = blocked ? this.#revision(judgedOf(word)) : 0
    const today = day & DAY_MASK
    // A late decision does not make a habit older.
    const newer = ((today - dayOf(word)) & DAY_MASK) <= FORGET_DAYS
    const stays = first ? 0 : word & REFUSED
    const judged = first ? rank : judgedOf(word)
    this.#u32[known] = wordOf(tagOf(place), newer ? today : dayOf(word), rank, judged) | stays
    if (newer && today !== dayOf(word)) this.#forgetOld(day)
    if (blocked) return { kind: 'let_in', first, before, releases }
    return first ? { kind: 'kept', first, before, releases } : undefined
  }

  /** Takes in that a revision refused the person. */
  refused(place: number, revision: number, day: number): Change | undefined {
    const known = this.#find(place, day)
    if (known === -1) return undefined
    const rank = this.#rankOf(revision)
    const word = this.#u32[known] ?? 0
    const seen = seenOf(word)
    const judged = judgedOf(word)
    const before = this.#revision(seen)
    const blocked = isBlocked(word)
    if (seen === rank && !blocked) {
      if ((word & REFUSED) !== 0) return undefined
      this.#u32[known] = word | REFUSED
      return { kind: 'refused', first: false, before, releases: 0 }
    }
    if (rank > judged) {
      this.#u32[known] = wordOf(tagOf(place), dayOf(word), seen, rank) | BLOCKED
      return { kind: 'blocked', first: true, before, releases: blocked ? this.#revision(judged) : 0 }
    }
    // An older revision that refuses whom a newer one let in speaks for itself as well.
    if (blocked) return undefined
    this.#u32[known] = wordOf(tagOf(place), dayOf(word), seen, rank) | BLOCKED
    return { kind: 'blocked_again', first: false, before, releases: 0 }
  }

  #revision(rank: number): number {
    return rank === 0 ? 0 : (this.#u32[this.#at + rank - 1] ?? 0)
  }

  /** The word of an established place, or -1; one that was not used for long is none. */
  #find(place: number, day: number): number {
    const tag = tagOf(place)
    for (let index = 0; index < PLACES; index++) {
      const at = this.#at + PLACES_AT + index
      const word = this.#u32[at] ?? 0
      if (word >>> TAG_SHIFT !== tag) continue
      return ageOf(word, day) > FORGET_DAYS ? -1 : at
    }
    return -1
  }

  /** Place of a revision among those that are known, from 1 on; a new one may push the oldest out. */
  #rankOf(revision: number): number {
    for (let rank = 1; rank <= REVISIONS; rank++) {
      const known = this.#u32[this.#at + rank - 1] ?? 0
      if (known === revision) return rank
      if (known === 0) {
        this.#u32[this.#at + rank - 1] = revision
        return rank
      }
    }
    for (let rank = 1; rank < REVISIONS; rank++)
      this.#u32[this.#at + rank - 1] = this.#u32[this.#at + rank] ?? 0
    this.#u32[this.#at + REVISIONS - 1] = revision
    for (let index = 0; index < PLACES; index++) {
      const at = this.#at + PLACES_AT + index
      const word = this.#u32[at] ?? 0
      if (word === 0) continue
      const flags = word & (BLOCKED | REFUSED)
      const seen = Math.max(0, seenOf(word) - 1)
      this.#u32[at] = wordOf(word >>> TAG_SHIFT, dayOf(word), seen, Math.max(0, judgedOf(word) - 1)) | flags
    }
    return REVISIONS
  }

  /** A place that is used on a second day takes a place among the established ones; else this is its first. */
  #firstDays(place: number, rank: number, day: number): void {
    const tag = tagOf(place)
    const at = this.#at + REVISIONS + (place % FIRST_DAYS)
    const first = this.#u32[at] ?? 0
    const age = (day & 0xffff) - (first & 0xffff)
    const other = first >>> TAG_SHIFT !== tag
    // Places that share a cell wait for each other, or neither would ever be there for its second day.
    if (other && first !== 0 && age <= WAIT_DAYS) return
    if (other || age < 0 || age > FORGET_DAYS) {
      this.#u32[at] = ((tag << TAG_SHIFT) | (day & 0xffff)) >>> 0
      return
    }
    if (age === 0) return
    this.#u32[at] = 0
    this.#u32[this.#oldest(day, tag)] = wordOf(tag, day & DAY_MASK, rank, rank)
  }

  /** The word that a new place may have: its own of long ago, a free one, or that of the place that was not used for longest. */
  #oldest(day: number, tag: number): number {
    let oldest = this.#at + PLACES_AT
    let most = -1
    for (let index = 0; index < PLACES; index++) {
      const at = this.#at + PLACES_AT + index
      const word = this.#u32[at] ?? 0
      if (word >>> TAG_SHIFT === tag) return at
      const age = word === 0 ? DAY_MASK + 1 : ageOf(word, day)
      if (age > most) {
        most = age
        oldest = at
      }
    }
    return oldest
  }

  #forgetOld(day: number): void {
    for (let index = 0; index < PLACES; index++) {
      const at = this.#at + PLACES_AT + index
      if (ageOf(this.#u32[at] ?? 0, day) > FORGET_DAYS) this.#u32[at] = 0
    }
  }
}

const TAG_SHIFT = 16
const DAY_MASK = 0xff
const BLOCKED = 2
const REFUSED = 1

/** 16 bits of a hash, never 0. */
function tagOf(place: number): number {
  return place >>> TAG_SHIFT || 1
}

function wordOf(tag: number, day: number, seen: number, judged: number): number {
  return ((tag << TAG_SHIFT) | (day << 8) | (seen << 6) | (judged << 4)) >>> 0
}

function dayOf(word: number): number {
  return (word >>> 8) & DAY_MASK
}

/** Days since the last use; a day that is ahead, as a late decision sees it, counts as none. */
function ageOf(word: number, day: number): number {
  const age = (day - dayOf(word)) & DAY_MASK
  return age > DAY_MASK - FORGET_DAYS ? 0 : age
}

function seenOf(word: number): number {
  return (word >>> 6) & 3
}

function judgedOf(word: number): number {
  return (word >>> 4) & 3
}

function isBlocked(word: number): boolean {
  return (word & BLOCKED) !== 0
}

/** A field of a layout that holds a person's places. */
export const policyHabits: Field<PolicyHabits> = {
  words: PLACES_AT + PLACES,
  form: `policy${REVISIONS}-${FIRST_DAYS}-${PLACES}`,
  read: (words, at) => new PolicyHabits(words, at),
  write() {
    // A view: the words already hold it.
  },
}
