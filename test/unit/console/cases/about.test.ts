import { expect, it } from 'vitest'
import { aboutOf } from '../../../../services/console/cases/about.ts'
import { caseName } from '../../../../services/console/cases/case-name.ts'

it.each([
  ['alice', 'subject', 'user:alice'],
  ['user:alice', 'subject', 'user:alice'],
  ['service:backup', 'subject', 'service:backup'],
  ['source/192.0.2.0/24', 'source', '192.0.2.0/24'],
  ['device/laptop', 'device', 'laptop'],
  ['a/b', 'subject', 'user:a/b'],
])('%s means the %s %s', (name, type, id) => {
  expect(aboutOf(name)).toEqual({ kind: 'entity', entity: { type, id } })
})

it('nothing, and what is too long for a name, means nobody', () => {
  expect([aboutOf(''), aboutOf('x'.repeat(400))]).toEqual([null, null])
})

it('the name of a file does not say who it is about', () => {
  expect(caseName({ kind: 'entity', entity: { type: 'subject', id: 'user:alice' } })).toMatch(
    /^case-subject-[0-9a-f]{16}$/,
  )
  expect(caseName({ kind: 'story', id: 's:1@x' })).toBe('case-story-s_1_x')
})
