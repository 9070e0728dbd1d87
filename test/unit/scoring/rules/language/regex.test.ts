import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { regexMatcher, type RegexFlags } from '../../../../../services/scoring/rules/language/regex/match.ts'
import { RegexError } from '../../../../../services/scoring/rules/language/regex/parse.ts'

const letter = fc.constantFrom(
  'a',
  'b',
  'c',
  'A',
  '.',
  '[ab]',
  '[^b]',
  '[a-c]',
  String.raw`\d`,
  String.raw`\w`,
  '1',
  String.raw`\.`,
)
const anchored = fc.constantFrom('^', '$', '')
const expression = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { weight: 4, arbitrary: letter },
    { weight: 1, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`) },
    { weight: 1, arbitrary: tie('node').map((node) => `(${node})`) },
  ),
  node: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '+?'))
        .map(([atom, sign]) => `${atom}${sign}`),
      { maxLength: 3, depthIdentifier: 'node' },
    )
    .map((parts) => parts.join('')),
})).node
/** The engine's own tries every way of each of these, and of nested ones that is a power of the text's length. */
const CHOICES = /[*+{|]|\?/g
const MOST_CHOICES = 5
const bounded = expression.filter(
  (source) => (source.replaceAll('(?:', '(').match(CHOICES) ?? []).length <= MOST_CHOICES,
)
const text = fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'B', '1', '.', '\n', ' '), { maxLength: 6 })

/** Undefined where the expression is larger than it may be. */
function compiled(source: string, flags: RegexFlags) {
  try {
    return regexMatcher(source, flags)
  } catch (error) {
    if (error instanceof RegexError && error.message.includes('too large')) return undefined
    throw error
  }
}

describe('a regular expression', () => {
  it("matches what the engine's own matches", () => {
    fc.assert(
      fc.property(
        fc.tuple(anchored, bounded, anchored),
        text,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        ([before, inner, after], letters, insensitive, multiline, dot_all) => {
          const source = `${before}(?:${inner})${after}`
          const flags = `${insensitive ? 'i' : ''}${multiline ? 'm' : ''}${dot_all ? 's' : ''}`
          const value = letters.join('')
          const matches = compiled(source, { insensitive, multiline, dot_all })
          fc.pre(matches !== undefined)
          expect(matches?.(value)).toBe(new RegExp(source, flags).test(value))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('takes linear time where a backtracking one takes for ever', () => {
    expect(regexMatcher('^(a+)+$')(`${'a'.repeat(2000)}b`)).toBe(false)
    expect(regexMatcher('(a|a)*(a|a)*(a|a)*x')('a'.repeat(2000))).toBe(false)
  })

  it('is free again for the next text', () => {
    const matches = regexMatcher('b$')
    expect([matches('ab'), matches('ba'), matches(''), matches('b')]).toEqual([true, false, false, true])
  })

  it.each([
    ['(?=a)', 0, 'look-around is not supported'],
    ['(?i)a(b', 5, 'this group is never closed'],
    [String.raw`(a)\1`, 3, String.raw`\1 is not supported`],
    [String.raw`a\b`, 1, String.raw`\b is not supported`],
    ['a(b', 1, 'this group is never closed'],
    ['ab)', 2, 'this bracket closes nothing'],
    ['[ab', 0, 'this class is never closed'],
    ['[b-a]', 0, 'a range of this class is in the wrong order'],
    ['*a', 0, 'a quantifier repeats nothing'],
    ['a**', 2, 'a quantifier follows a quantifier'],
    ['a{3,2}', 1, 'the numbers of a quantifier are in the wrong order'],
    ['a{256}', 1, 'a part may be repeated 255 times by number'],
    ['^*', 2, 'an anchor can not be repeated'],
    ['a\\', 1, 'the expression ends with a backslash'],
    ['((a{99}){99})', 0, 'the expression is too large: more than 1000 steps'],
  ])('%s is refused at character %i: %s', (source, offset, message) => {
    const refusal = (): unknown => {
      try {
        return regexMatcher(source)
      } catch (error) {
        return error instanceof RegexError ? { offset: error.offset, message: error.message } : error
      }
    }
    expect(refusal()).toEqual({ offset, message })
  })
})
