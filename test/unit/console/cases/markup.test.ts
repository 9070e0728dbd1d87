import fc from 'fast-check'
import { expect, it } from 'vitest'
import { markup } from '../../../../services/console/cases/html/markup.ts'

it('what is put into a template is text, and other templates are markup', () => {
  const inner = markup`<b>${'<i>'}</b>`
  expect(markup`<p title="${`"'`}">${inner}${[inner, inner]}${3}</p>`.text).toBe(
    `<p title="&quot;&#39;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>3</p>`,
  )
})

it('characters that can not be seen are shown: a name can not turn the line that it stands in', () => {
  expect(markup`${'a\u202eb\u0000c\u200b'}`.text).toBe('a\\u{202e}b\\u{0}c\\u{200b}')
})

it('no text of outsiders opens a tag, ends an attribute or writes a line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const inside = markup`<p title="${text}">`.text.slice('<p title="'.length, -2)
      expect(inside).not.toMatch(/[<>"'\n\r]/)
      expect(inside.isWellFormed()).toBe(true)
    }),
  )
})
