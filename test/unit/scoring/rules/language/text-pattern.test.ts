import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hasWildcard,
  parseTextPattern,
  textMatcher,
  widened,
} from '../../../../../services/scoring/rules/language/text-pattern.ts'

const match = (pattern: string, text: string, cased = false) =>
  textMatcher(parseTextPattern(pattern), cased)(text)

describe('a value with wildcards', () => {
  it.each<[pattern: string, matches: string[], others: string[]]>([
    ['prog?.exe', ['progA.exe', 'PROGB.EXE', 'prog😀.exe'], ['prog.exe', 'progAB.exe']],
    ['v*.exe', ['v.exe', 'v1.2.exe'], ['av1.exe', 'v1.exe.txt']],
    ['*', ['', 'anything'], []],
    ['', [''], ['x']],
    ['a*b*c', ['abc', 'aXbYbZc'], ['acb', 'abcd']],
    ['*a*a', ['aa', 'bacada'], ['a', 'ab']],
    [String.raw`C:\dir`, [String.raw`c:\DIR`], ['c:dir']],
    [String.raw`C:\\dir`, [String.raw`c:\dir`], [String.raw`c:\\dir`]],
    [String.raw`a\*`, ['a*'], ['ab', String.raw`a\b`]],
    [String.raw`a\?`, ['a?'], ['ab']],
    [String.raw`a\\*`, [String.raw`a\b`, 'a\\'], ['a*', 'ab']],
    [String.raw`a\\\*`, [String.raw`a\*`], [String.raw`a\b`]],
    [String.raw`a\\\\`, [String.raw`a\\`], [String.raw`a\ `.trim()]],
    [String.raw`a\\\b`, [String.raw`a\\b`], [String.raw`a\b`]],
    ['STRASSE', ['strasse'], ['straße']],
    ['Ärger*', ['ÄRGER', 'ärgerlich'], ['Arger']],
  ])('%s', (pattern, matches, others) => {
    expect(matches.filter((text) => !match(pattern, text))).toEqual([])
    expect(others.filter((text) => match(pattern, text))).toEqual([])
  })

  it('minds case when asked to', () => {
    expect(match('Admin*', 'administrator', true)).toBe(false)
    expect(match('Admin*', 'Administrator', true)).toBe(true)
    expect(match('A?min*z', 'Admin and z', true)).toBe(true)
    expect(match('A?min*z', 'Admin and Z', true)).toBe(false)
  })

  it('is widened at its ends by a modifier', () => {
    const test = (where: { before?: boolean; after?: boolean }, text: string) =>
      textMatcher(widened(parseTextPattern('b'), where), false)(text)
    expect([test({ after: true }, 'bc'), test({ after: true }, 'abc')]).toEqual([true, false])
    expect([test({ before: true }, 'ab'), test({ before: true }, 'abc')]).toEqual([true, false])
    expect(test({ before: true, after: true }, 'abc')).toBe(true)
  })

  it('matches what the same regular expression matches', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'A',
      '*',
      '?',
      String.raw`\*`,
      String.raw`\?`,
      String.raw`\\`,
      '.',
      '(',
    )
    const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    const text = fc.array(fc.constantFrom('a', 'b', 'A', '*', '?', '\\', '.', '('), { maxLength: 10 })
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (source, letters, cased) => {
        const regex = source.replaceAll(/\\[*?\\]|[*?]|[^*?]/g, (token) => {
          if (token === '*') return '[^]*'
          if (token === '?') return '[^]'
          return (token.length === 2 ? token.slice(1) : token).replaceAll(
            /[.*+?^${}()|[\]\\]/g,
            String.raw`\$&`,
          )
        })
        const value = letters.join('')
        expect(match(source, value, cased)).toBe(new RegExp(`^(?:${regex})$`, cased ? '' : 'i').test(value))
      }),
      { numRuns: 2000 },
    )
  })

  it('takes what an attacker writes in bounded time', () => {
    const steps = textMatcher(parseTextPattern(`${'a*'.repeat(20)}b`), false)
    expect(steps('a'.repeat(2048))).toBe(false)
  })

  it('knows whether it holds one', () => {
    expect([hasWildcard(parseTextPattern('a*')), hasWildcard(parseTextPattern(String.raw`a\*`))]).toEqual([
      true,
      false,
    ])
  })
})
