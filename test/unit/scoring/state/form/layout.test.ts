import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, f64, layout, records, text, u32 } from '../../../../../services/scoring/state/form/layout.ts'
import { slots } from '../../../../../services/scoring/state/form/slots.ts'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'

describe('layouts', () => {
  const form = layout({ a: f64, list: records(3, { n: u32, name: text(10) }), b: u32, name: text(16) })

  it('read what they wrote, for any numbers and clipped text', () => {
    const record = fc.record({ n: fc.nat(), name: fc.string({ unit: 'binary' }) })
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.array(record, { minLength: 3, maxLength: 3 }),
        fc.nat(),
        fc.string({ unit: 'binary' }),
        (a, list, b, name) => {
          const kept = list.map((each) => ({ n: each.n, name: clip(each.name, 10) }))
          const words = allocate(form.words)
          const state = form.read(words, 0)
          Object.assign(state, { a, b, name: clip(name, 16) })
          for (const [index, each] of state.list.entries()) Object.assign(each, kept[index])
          form.write(words, 0, state)
          const { list: views, ...rest } = form.read(words, 0)
          expect(rest).toEqual({ a, b, name: clip(name, 16) })
          expect(views.map((each) => ({ n: each.n, name: each.name }))).toEqual(kept)
        },
      ),
    )
  })

  it('of other fields have another fingerprint', () => {
    const prints = [
      layout({ a: f64 }),
      layout({ b: f64 }),
      layout({ a: u32 }),
      layout({ a: slots(2) }),
      layout({ a: slots(3) }),
    ]
    expect(new Set(prints.map((each) => each.fingerprint)).size).toBe(prints.length)
  })
})
