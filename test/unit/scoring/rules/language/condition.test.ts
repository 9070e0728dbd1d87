import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCondition } from '../../../../../services/scoring/rules/language/condition.ts'
import { conditionTest } from '../../../../../services/scoring/rules/language/match-condition.ts'

const NAMES = ['selection_a', 'selection_b', 'filter', '_hidden', '1']

function holds(condition: string, ...true_: readonly string[]): boolean {
  const test = conditionTest<null>(parseCondition(condition, NAMES), (name) => () => true_.includes(name))
  return test(null)
}

describe('a condition', () => {
  it.each<[condition: string, holds: string[][], fails: string[][]]>([
    ['selection_a', [['selection_a']], [['filter']]],
    ['selection_a or selection_b and filter', [['selection_a'], ['selection_b', 'filter']], [['filter']]],
    ['(selection_a or selection_b) and filter', [['selection_a', 'filter']], [['selection_a']]],
    ['not selection_a and filter', [['filter']], [['selection_a', 'filter'], []]],
    ['not (selection_a and filter)', [['filter'], []], [['selection_a', 'filter']]],
    ['not not filter', [['filter']], [[]]],
    ['1 of selection_*', [['selection_a'], ['selection_b']], [['filter'], []]],
    ['any of selection_*', [['selection_b']], [[]]],
    ['all of selection_*', [['selection_a', 'selection_b']], [['selection_a']]],
    ['1 of selection_* and not 1 of filter*', [['selection_a']], [['selection_a', 'filter']]],
    ['all of them', [['selection_a', 'selection_b', 'filter', '1']], [['selection_a', 'filter', '_hidden']]],
    ['1 of them', [['filter']], [['_hidden']]],
    ['1 of *_a', [['selection_a']], [['selection_b']]],
    ['1 of sel*_*', [['selection_b']], [['filter']]],
    ['1 and filter', [['1', 'filter']], [['filter']]],
    ['_hidden AND NOT filter', [['_hidden']], [['filter']]],
  ])('%s', (condition, good, bad) => {
    expect(good.filter((names) => !holds(condition, ...names))).toEqual([])
    expect(bad.filter((names) => holds(condition, ...names))).toEqual([])
  })

  it('means what its tree means, however it is bracketed', () => {
    interface Tree {
      readonly text: string
      readonly value: boolean
    }
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom({ text: 'selection_a', value: true }, { text: 'filter', value: false }),
        tie('tree').map(({ text, value }) => ({ text: `not (${text})`, value: !value })),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
          text: `(${a.text}) and ${b.text.includes(' or ') ? `(${b.text})` : b.text}`,
          value: a.value && b.value,
        })),
        fc
          .tuple(tie('tree'), tie('tree'))
          .map(([a, b]) => ({ text: `(${a.text}) or (${b.text})`, value: a.value || b.value })),
      ),
    }))
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        expect(holds(text, 'selection_a')).toBe(value)
      }),
    )
  })

  it.each([
    ['selection', 0, 'there is no search identifier selection'],
    ['filter and', 10, 'the condition ends too early'],
    ['(filter', 0, 'this bracket is never closed'],
    ['filter)', 6, ') does not belong here'],
    ['filter selection_a', 7, 'selection_a does not belong here'],
    ['2 of selection_*', 0, 'only 1 of, any of and all of are known, not 2 of'],
    ['1 of nothing*', 5, 'no search identifier is like nothing*'],
    ['filter | count() > 5', 7, 'aggregations after | are no part of Sigma 2: write a correlation rule'],
    ['and filter', 0, 'a search identifier should stand here, not and'],
    [`${'('.repeat(60)}filter${')'.repeat(60)}`, 51, 'the condition is nested more than 50 deep'],
  ])('%s is refused at character %i: %s', (text, offset, message) => {
    expect(() => parseCondition(text, NAMES)).toThrow(expect.objectContaining({ offset, message }))
  })
})
