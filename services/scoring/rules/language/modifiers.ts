/** What a rule asks of a field, read from `field|modifier|modifier`. */
export interface Modifiers {
  readonly how: 'equal' | 're' | 'cidr' | 'exists' | 'fieldref' | 'lt' | 'lte' | 'gt' | 'gte'
  readonly before: boolean
  readonly after: boolean
  readonly all: boolean
  readonly cased: boolean
  readonly negated: boolean
  readonly flags: { readonly insensitive: boolean; readonly multiline: boolean; readonly dot_all: boolean }
  /** Part of an instant, in UTC. */
  readonly part?: TimePart
}

export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

const TIME_PARTS: ReadonlySet<string> = new Set(['minute', 'hour', 'day', 'week', 'month', 'year'])
const COMPARISONS: ReadonlySet<string> = new Set(['lt', 'lte', 'gt', 'gte'])
const AFFIXES: Readonly<Record<string, { before: boolean; after: boolean }>> = {
  contains: { before: true, after: true },
  startswith: { before: false, after: true },
  endswith: { before: true, after: false },
}
const FLAGS: Readonly<Record<string, 'insensitive' | 'multiline' | 'dot_all'>> = {
  i: 'insensitive',
  m: 'multiline',
  s: 'dot_all',
}

const ENCODED = 'is for encoded command lines; a decision holds none'
const REFUSED: Readonly<Record<string, string>> = {
  base64: ENCODED,
  base64offset: ENCODED,
  utf16: ENCODED,
  utf16le: ENCODED,
  utf16be: ENCODED,
  wide: ENCODED,
  windash: 'is for command lines of Windows; a decision holds none',
  expand: 'needs placeholders, which are not supported: write the values out',
}

/**
 * Reads modifiers; a text says why they can't be used.
 *
 * @see Sigma Modifiers Appendix 2.1.0
 */
export function readModifiers(names: readonly string[]): Modifiers | string {
  let how: Modifiers['how'] | undefined
  let affix: { before: boolean; after: boolean } | undefined
  let part: TimePart | undefined
  const flags = { insensitive: false, multiline: false, dot_all: false }
  const seen = { all: false, cased: false, negated: false }
  for (const name of names) {
    const because = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (because !== undefined) return `the modifier ${name} ${because}`
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
    if (name === 'all') seen.all = true
    else if (name === 'cased') seen.cased = true
    else if (name === 'neq') seen.negated = true
    else if (flag !== undefined) {
      if (how !== 're') return `the modifier ${name} belongs after re`
      flags[flag] = true
    } else if (isTimePart(name)) {
      if (part !== undefined) return `${part} and ${name} are two parts of a time; choose one`
      part = name
    } else if (Object.hasOwn(AFFIXES, name)) {
      if (affix !== undefined)
        return `${name} and another of contains, startswith, endswith are used; choose one`
      affix = AFFIXES[name]
    } else if (isHow(name)) {
      if (how !== undefined) return `${how} and ${name} can not be used together`
      how = name
    } else return `there is no modifier ${name}`
  }
  if (affix !== undefined && how !== undefined)
    return `${how} can not be used with contains, startswith or endswith`
  if (seen.cased && how !== undefined && how !== 'fieldref')
    return how === 're' ? 're is cased; leave cased out' : `${how} can not be used with cased`
  if (seen.negated && how === 'exists') return 'exists is false says the same as neq'
  if (seen.all && how === 'exists') return 'exists takes one value'
  if (part !== undefined && (affix !== undefined || (how !== undefined && !COMPARISONS.has(how))))
    return `${part} is a number and can only be compared`
  const { before = false, after = false } = affix ?? {}
  return { how: how ?? 'equal', before, after, ...seen, flags, ...(part === undefined ? {} : { part }) }
}

function isTimePart(name: string): name is TimePart {
  return TIME_PARTS.has(name)
}

function isHow(name: string): name is 're' | 'cidr' | 'exists' | 'fieldref' | 'lt' | 'lte' | 'gt' | 'gte' {
  return ['re', 'cidr', 'exists', 'fieldref'].includes(name) || COMPARISONS.has(name)
}
