/** Longest pattern of a value, in characters. */
export const MOST_PATTERN = 1024

const ANY_RUN = -2
const ANY_ONE = -1
const STAR = 42
const QUESTION = 63
const BACKSLASH = 92

/** A value of a rule as UTF-16 code units, with -1 for `?` and -2 for `*`. */
export type TextPattern = readonly number[]

/**
 * Reads a value with Sigma's wildcards: `*` is any run of characters, `?` is
 * one. A backslash before either, or before a backslash, makes it plain; any
 * other backslash stands for itself.
 *
 * @see Sigma Rules Specification 2.1.0, "String Wildcard" and "Escape Character"
 */
export function parseTextPattern(text: string): TextPattern {
  const pattern: number[] = []
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const next = text.charCodeAt(at + 1)
    if (unit === BACKSLASH && (next === STAR || next === QUESTION || next === BACKSLASH)) {
      pattern.push(next)
      at += 1
    } else if (unit === STAR) {
      if (pattern.at(-1) !== ANY_RUN) pattern.push(ANY_RUN)
    } else pattern.push(unit === QUESTION ? ANY_ONE : unit)
  }
  return pattern
}

/** The pattern with `*` before or after it. */
export function widened(pattern: TextPattern, where: { before?: boolean; after?: boolean }): TextPattern {
  const wide = [...pattern]
  if (where.before === true && wide[0] !== ANY_RUN) wide.unshift(ANY_RUN)
  if (where.after === true && wide.at(-1) !== ANY_RUN) wide.push(ANY_RUN)
  return wide
}

/** Whether it holds a wildcard. */
export function hasWildcard(pattern: TextPattern): boolean {
  return pattern.some((unit) => unit < 0)
}

/**
 * Compiles a pattern. Case does not matter unless `cased`. The usual forms are
 * string functions of the engine; the others cost at most the length of the
 * text times that of the pattern, whatever stands in the text.
 */
export function textMatcher(pattern: TextPattern, cased: boolean): (text: string) => boolean {
  const before = pattern[0] === ANY_RUN
  const after = pattern.length > (before ? 1 : 0) && pattern.at(-1) === ANY_RUN
  const core = pattern.slice(before ? 1 : 0, after ? -1 : undefined)
  if (!hasWildcard(core)) {
    const wanted = folded(String.fromCharCode(...core), cased)
    if (before && after) return (text) => folded(text, cased).includes(wanted)
    if (before) return (text) => folded(text, cased).endsWith(wanted)
    if (after) return (text) => folded(text, cased).startsWith(wanted)
    return (text) => folded(text, cased) === wanted
  }
  const wanted = cased ? pattern : parseFolded(pattern)
  return (text) => matches(wanted, folded(text, cased))
}

function folded(text: string, cased: boolean): string {
  return cased ? text : text.toLowerCase()
}

/** Folds runs of plain characters, since a character may be two code units. */
function parseFolded(pattern: TextPattern): TextPattern {
  const wanted: number[] = []
  let run = ''
  const flush = (): void => {
    const text = run.toLowerCase()
    for (let at = 0; at < text.length; at++) wanted.push(text.charCodeAt(at))
    run = ''
  }
  for (const unit of pattern) {
    if (unit >= 0) {
      run += String.fromCharCode(unit)
      continue
    }
    flush()
    wanted.push(unit)
  }
  flush()
  return wanted
}

/** Two fingers: after a mismatch the last `*` takes one character more. */
function matches(pattern: TextPattern, text: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let taken = 0
  while (at < text.length) {
    const unit = pattern[place]
    if (unit === ANY_RUN) {
      star = place
      taken = at
      place += 1
    } else if (unit === ANY_ONE) {
      at += isPair(text, at) ? 2 : 1
      place += 1
    } else if (unit === text.charCodeAt(at)) {
      at += 1
      place += 1
    } else if (star === -1) {
      return false
    } else {
      taken += isPair(text, taken) ? 2 : 1
      at = taken
      place = star + 1
    }
  }
  while (pattern[place] === ANY_RUN) place += 1
  return place === pattern.length
}

/** A character beyond the first 65,536 is two code units, and one character. */
function isPair(text: string, at: number): boolean {
  const code = text.codePointAt(at)
  return code !== undefined && code > 0xffff
}
