/** What the scanner saw: a record, or something that is none, from `start` up to `end` (offsets in the chunk). */
export interface JsonScanner {
  /** Goes over one byte; says whether a record has just begun, ended, or turned out to be no JSON. */
  step(byte: number): 'none' | 'begin' | 'end' | 'broken'
  /** Whether it is inside a record. */
  readonly inside: boolean
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/**
 * Finds the JSON objects that are records: at the top, in arrays at the top,
 * and in the array of a wrapper (`{"Records":[…]}`), whose key is one of `wrappers`. It only tells where they
 * begin and end; whether they are JSON is for the parser to say.
 *
 * A line end inside a string is never JSON (RFC 8259, section 7): the record is
 * `broken` there, and the search goes on. Without it one missing quote would
 * swallow the rest of the file.
 */
export function jsonScanner(wrappers: readonly string[]): JsonScanner {
  const wrapping = new Set(wrappers)
  let state: 'between' | 'record' | 'tail' = 'between'
  let depth = 0
  let inString = false
  let escaped = false
  let wrapped = false
  /** The latest string at depth 1, its first 16 bytes: perhaps the key of a wrapper. */
  let key = ''

  const inStringStep = (byte: number): 'none' | 'broken' => {
    if (escaped) escaped = false
    else if (byte === BACKSLASH) escaped = true
    else if (byte === QUOTE) inString = false
    else if (byte === NEWLINE && state === 'record') {
      inString = false
      state = 'between'
      return 'broken'
    } else if (depth === 1 && key.length < 16) key += String.fromCharCode(byte)
    return 'none'
  }

  return {
    get inside() {
      return state === 'record'
    },
    step(byte) {
      if (inString) return inStringStep(byte)
      if (state === 'between') {
        if (byte === OPEN_OBJECT) {
          state = 'record'
          depth = 1
          key = ''
          return 'begin'
        }
        if (byte === CLOSE_ARRAY && wrapped) {
          wrapped = false
          state = 'tail'
          depth = 1
        }
        return 'none'
      }
      if (byte === QUOTE) {
        inString = true
        if (depth === 1) key = ''
      } else if (byte === OPEN_ARRAY && state === 'record' && !wrapped && depth === 1 && wrapping.has(key)) {
        wrapped = true
        state = 'between'
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1
        if (depth === 0) {
          const ended = state === 'record'
          state = 'between'
          return ended ? 'end' : 'none'
        }
      }
      return 'none'
    },
  }
}
