/** A regular expression that could not be read: why, and at which character. */
export class RegexError extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/** Ranges of UTF-16 code units, first and last, in pairs. */
export type Ranges = readonly number[]

export type RegexNode =
  | { readonly kind: 'units'; readonly ranges: Ranges; readonly negated: boolean }
  | { readonly kind: 'any' | 'begin' | 'end' }
  | { readonly kind: 'all' | 'either'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly part: RegexNode; readonly least: number; readonly most: number }

const MOST_DEPTH = 50
const MOST_REPEATS = 255

const DIGIT: Ranges = [48, 57]
const WORD: Ranges = [48, 57, 65, 90, 95, 95, 97, 122]
const SPACE: Ranges = [
  9, 13, 32, 32, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f,
  0x3000, 0x3000, 0xfeff, 0xfeff,
]
const CLASSES: Readonly<Record<string, readonly [Ranges, boolean]>> = {
  d: [DIGIT, false],
  D: [DIGIT, true],
  w: [WORD, false],
  W: [WORD, true],
  s: [SPACE, false],
  S: [SPACE, true],
}
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

/**
 * Reads the regular expressions of Sigma: `.`, `^`, `$`, `* + ? {n,m}`,
 * classes, alternation and groups, and beyond the specification `\d \w \s`
 * with their opposites, `(?:…)`, and flags at the beginning (`(?i)`). What needs backtracking (back-references,
 * look-around) is refused: matching must take linear time, as part of what it
 * is held against comes from attackers.
 *
 * @see Sigma Modifiers Appendix 2.1.0, "Regular Expression"
 * @throws RegexError
 */
export function parseRegex(source: string): RegexNode {
  let at = inlineFlags(source).length
  const fail = (message: string, offset = at): never => {
    throw new RegexError(offset, message)
  }

  function either(depth: number): RegexNode {
    if (depth > MOST_DEPTH) fail(`groups are nested more than ${MOST_DEPTH} deep`)
    const parts = [sequence(depth)]
    while (source[at] === '|') {
      at += 1
      parts.push(sequence(depth))
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'either', parts }
  }

  function sequence(depth: number): RegexNode {
    const parts: RegexNode[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(depth))
    return { kind: 'all', parts }
  }

  function repeated(depth: number): RegexNode {
    const part = single(depth)
    const bounds = quantifier()
    if (bounds === undefined) return part
    if (part.kind === 'begin' || part.kind === 'end') fail('an anchor can not be repeated')
    // A lazy one finds the same: only whether there is a match counts.
    if (source[at] === '?') at += 1
    if (isQuantifier()) fail('a quantifier follows a quantifier')
    return { kind: 'repeat', part, ...bounds }
  }

  function isQuantifier(): boolean {
    return /^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(source.slice(at, at + 16))
  }

  function quantifier(): { least: number; most: number } | undefined {
    const sign = source[at]
    if (sign === '*' || sign === '+' || sign === '?') {
      at += 1
      return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity }
    }
    const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(source.slice(at, at + 20))
    if (counted === null) return undefined
    const least = Number(counted[1])
    const upper = counted[2] === undefined ? least : counted[3] === '' ? Infinity : Number(counted[3])
    if (least > MOST_REPEATS || (upper > MOST_REPEATS && upper !== Infinity))
      fail(`a part may be repeated ${MOST_REPEATS} times by number`)
    if (upper < least) fail('the numbers of a quantifier are in the wrong order')
    at += counted[0].length
    return { least, most: upper }
  }

  function single(depth: number): RegexNode {
    const sign = source[at] ?? ''
    at += 1
    switch (sign) {
      case '.':
        return { kind: 'any' }
      case '^':
        return { kind: 'begin' }
      case '$':
        return { kind: 'end' }
      case '[':
        return unitsClass()
      case '\\':
        return escaped()
      case '(': {
        const opened = at - 1
        if (source[at] === '?') {
          if (source[at + 1] !== ':') fail(extension(source.slice(at + 1)), opened)
          at += 2
        }
        const inner = either(depth + 1)
        if (source[at] !== ')') fail('this group is never closed', opened)
        at += 1
        return inner
      }
      case '*':
      case '+':
      case '?':
        return fail('a quantifier repeats nothing', at - 1)
      default:
        return plain(sign.charCodeAt(0))
    }
  }

  function escaped(): RegexNode {
    const sign = source[at]
    if (sign === undefined) return fail('the expression ends with a backslash', at - 1)
    const known = CLASSES[sign]
    at += 1
    if (known !== undefined) return { kind: 'units', ranges: known[0], negated: known[1] }
    return plain(escapedUnit(sign))
  }

  function escapedUnit(sign: string): number {
    const control = CONTROLS[sign]
    if (control !== undefined) return control
    if (/[A-Za-z0-9]/.test(sign)) fail(`\\${sign} is not supported`, at - 2)
    return sign.charCodeAt(0)
  }

  function unitsClass(): RegexNode {
    const opened = at - 1
    const negated = source[at] === '^'
    if (negated) at += 1
    const ranges: number[] = []
    while (source[at] !== ']') {
      if (at >= source.length) fail('this class is never closed', opened)
      const first = classUnit(ranges)
      if (first === undefined) continue
      if (source[at] !== '-' || source[at + 1] === ']' || at + 1 >= source.length) {
        ranges.push(first, first)
        continue
      }
      at += 1
      const last = classUnit(ranges)
      if (last === undefined || last < first) fail('a range of this class is in the wrong order', opened)
      else ranges.push(first, last)
    }
    at += 1
    return { kind: 'units', ranges, negated }
  }

  /** One unit; undefined where a class such as `\d` was added whole. */
  function classUnit(ranges: number[]): number | undefined {
    const sign = source[at] ?? ''
    at += 1
    if (sign !== '\\') return sign.charCodeAt(0)
    const escape = source[at]
    if (escape === undefined) return fail('the expression ends with a backslash', at - 1)
    at += 1
    const known = CLASSES[escape]
    if (known === undefined) return escapedUnit(escape)
    if (known[1]) fail(`\\${escape} is not supported inside a class`, at - 2)
    ranges.push(...known[0])
    return undefined
  }

  const whole = either(0)
  if (at < source.length) fail('this bracket closes nothing')
  return whole
}

/** The flags that an expression begins with, as they stand there: `(?i)`; most often none. */
export function inlineFlags(source: string): string {
  return /^\(\?[ims]+\)/.exec(source)?.[0] ?? ''
}

/** Why a group that begins with `?` is not read. */
function extension(after: string): string {
  if (/^<?[=!]/.test(after)) return 'look-around is not supported'
  if (/^P?[<']/.test(after)) return 'named groups are not supported; leave the name out'
  if (/^[a-zA-Z^-]+[):]/.test(after)) return 'flags are i, m and s, and stand at the very beginning'
  return `(?${after.slice(0, 1)} is not supported`
}

function plain(unit: number): RegexNode {
  return { kind: 'units', ranges: [unit, unit], negated: false }
}
