import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Story } from '../../../../schemas/story.ts'
import { openStory } from '../../../../services/feedback/stories/tell.ts'
import { titleOf } from '../../../../services/feedback/stories/title.ts'
import { finding, subject } from '../../../support/scoring/findings.ts'

it.each([
  ['user:alice', 'alice: Refused 30 times.'],
  ['service:backup', 'service:backup: Refused 30 times.'],
  ['user:alice@example.org', 'alice@example.org: Refused 30 times.'],
  ['user:a b: judged safe', '“a b: judged safe”: Refused 30 times.'],
  ['user:eve\r\n\u202Eecila', '“eve ecila”: Refused 30 times.'],
  [`user:${'x'.repeat(200)}`, `${'x'.repeat(79)}…: Refused 30 times.`],
])('names whom it is about: %j', (id, title) => {
  expect(titleOf(finding({ entity: { type: 'subject', id }, summary: 'Refused 30 times.' }))).toBe(title)
})

it('does not say twice what the sentence names', () => {
  const entity = { type: 'source' as const, id: '198.51.100.0/24' }
  expect(titleOf(finding({ entity, summary: 'Sign-ins failed from 198.51.100.0/24.' }))).toBe(
    'Sign-ins failed from 198.51.100.0/24.',
  )
})

it('a session is named as one', () => {
  expect(titleOf(finding({ entity: { type: 'session', id: 's-1' }, summary: 'Replayed.' }))).toBe(
    'session s-1: Replayed.',
  )
})

it('whatever the name and the sentence, the story keeps its contract and one line of text', () => {
  const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: 'binary' })
  fc.assert(
    fc.property(text(250), text(512), (name, summary) => {
      const { title } = Story.parse(
        openStory(finding({ entity: subject(name), summary: summary.slice(0, 512) })),
      )
      expect(title).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(title.isWellFormed()).toBe(true)
    }),
  )
})
