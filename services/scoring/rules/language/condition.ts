import { RuleConditionError } from './condition-error.ts'

/** A condition over search identifiers. */
export type Condition =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }

interface Token {
  readonly text: string
  readonly at: number
}

const MOST_CHARACTERS = 4096
const MOST_DEPTH = 50

/**
 * Reads a condition: `and`, `or`, `not`, brackets, and `1 of`, `any of` and
 * `all of` with `them` or a pattern. `them` are all names but those that begin
 * with an underscore. `not` binds closest, then `and`, then `or`.
 *
 * @param names the search identifiers of the rule
 * @see Sigma Rules Specification 2.1.0, "Condition"
 * @throws RuleConditionError
 */
export function parseCondition(text: string, names: readonly string[]): Condition {
  if (text.length > MOST_CHARACTERS)
    throw new RuleConditionError(0, `the condition is longer than ${MOST_CHARACTERS} characters`)
  const tokens = tokensOf(text)
  let place = 0
  const is = (word: string): boolean => tokens[place]?.text.toLowerCase() === word
  const fail = (message: string, token = tokens[place]): never => {
    throw new RuleConditionError(token?.at ?? text.length, message)
  }

  function chain(kind: 'and' | 'or', next: (depth: number) => Condition, depth: number): Condition {
    const first = next(depth)
    const parts = [first]
    while (is(kind)) {
      place += 1
      parts.push(next(depth))
    }
    return parts.length === 1 ? first : { kind, parts }
  }
  const either = (depth: number): Condition => chain('or', both, depth)
  const both = (depth: number): Condition => chain('and', negated, depth)

  function negated(depth: number): Condition {
    if (depth > MOST_DEPTH) fail(`the condition is nested more than ${MOST_DEPTH} deep`)
    if (!is('not')) return single(depth)
    place += 1
    return { kind: 'not', part: negated(depth + 1) }
  }

  function single(depth: number): Condition {
    const token = tokens[place]
    if (token === undefined) return fail('the condition ends too early')
    if (token.text === '(') {
      place += 1
      const inner = either(depth + 1)
      if (tokens[place]?.text !== ')') fail('this bracket is never closed', token)
      place += 1
      return inner
    }
    if (token.text === '|')
      return fail('aggregations after | are no part of Sigma 2: write a correlation rule')
    if (/^(?:\)|and|or|of)$/i.test(token.text))
      return fail(`a search identifier should stand here, not ${token.text}`)
    if (tokens[place + 1]?.text.toLowerCase() === 'of') return quantified(token)
    place += 1
    if (!names.includes(token.text)) return fail(`there is no search identifier ${token.text}`, token)
    return { kind: 'name', name: token.text }
  }

  function quantified(token: Token): Condition {
    const how = token.text.toLowerCase()
    if (how !== '1' && how !== 'any' && how !== 'all')
      fail(`only 1 of, any of and all of are known, not ${token.text} of`, token)
    place += 2
    const pattern = tokens[place]
    if (pattern === undefined) return fail('a pattern or them should stand after of')
    place += 1
    const found =
      pattern.text === 'them'
        ? names.filter((name) => !name.startsWith('_'))
        : names.filter((name) => matchesName(pattern.text, name))
    if (found.length === 0) return fail(`no search identifier is like ${pattern.text}`, pattern)
    return { kind: how === 'all' ? 'and' : 'or', parts: found.map((name) => ({ kind: 'name', name })) }
  }

  const condition = either(0)
  const rest = tokens[place]
  if (rest?.text === '|') fail('aggregations after | are no part of Sigma 2: write a correlation rule')
  if (rest !== undefined) fail(`${rest.text} does not belong here`)
  return condition
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(/[()|]|[^\s()|]+/g)) tokens.push({ text: match[0], at: match.index })
  return tokens
}

function matchesName(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  const last = rest.pop() ?? ''
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
