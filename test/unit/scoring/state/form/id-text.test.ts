import { describe, expect, it } from 'vitest'
import { idText } from '../../../../../services/scoring/state/form/id-text.ts'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'

const UUID = '0198f2c4-7b1a-7c3d-8e4f-00a1b2c3d4ff'

/** What is read after each of these was written over the one before. */
function kept(values: readonly string[], bytes = 40): string[] {
  const form = idText(bytes)
  const words = allocate(form.words + 2)
  return values.map((value) => {
    form.write(words, 0, value)
    expect(words.u32[form.words]).toBe(0)
    return form.read(words, 0)
  })
}

describe('an identifier in state', () => {
  it.each([
    UUID,
    '3f2e2eb75835bd64-0',
    '3f2e2eb75835bd64-4294967295',
    'alice-3600000',
    'decision of Jürgen',
    '',
    // Alike, and not written as a number would be read again.
    '3f2e2eb75835bd64-007',
    '3f2e2eb75835bd64-4294967296',
    '3F2E2EB75835BD64-7',
    '3f2e2eb75835bdxx-7',
    UUID.toUpperCase(),
    UUID.replaceAll('-', '_'),
    `${UUID.slice(0, 35)}g`,
  ])('is read as it was written: %s', (value) => {
    expect(kept([value])).toEqual([value])
  })

  it('leaves nothing of the one before', () => {
    const all = [UUID, 'short', '3f2e2eb75835bd64-7', 'a longer one, of thirty letters', UUID, '']
    expect(kept(all)).toEqual(all)
  })

  it('is not kept in part: too long, or as if it were a number', () => {
    expect(kept(['x'.repeat(41), 'ü'.repeat(21), '\u0001abc', '\u0002abc', 'x'.repeat(40)])).toEqual([
      '',
      '',
      '',
      '',
      'x'.repeat(40),
    ])
    expect(kept([UUID, '3f2e2eb75835bd64-4294967295'], 24)).toEqual([UUID, '3f2e2eb75835bd64-4294967295'])
  })

  it('takes a UUID in five words, and a gateway’s in four', () => {
    const used = (value: string) => {
      const form = idText(40)
      const words = allocate(form.words)
      form.write(words, 0, value)
      return words.u32.filter((word) => word !== 0).length
    }
    expect([used(UUID), used('3f2e2eb75835bd64-7')]).toEqual([5, 4])
  })
})
