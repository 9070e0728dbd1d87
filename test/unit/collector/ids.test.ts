import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Id } from '../../../schemas/bounds.ts'
import { IdSet } from '../../../services/collector/id-set.ts'
import { contentIds, eventId } from '../../../services/collector/ids.ts'

describe('ids that follow from content', () => {
  it('are the same the second time, and differ by content, occurrence and scope', () => {
    const contents = ['a', 'b', 'a', 'a']
    const give = (...scope: string[]) => contents.map(contentIds(...scope))
    const ids = give('import', 'sshd')
    expect(new Set(ids).size).toBe(4)
    expect(give('import', 'sshd')).toEqual(ids)
    expect(give('acme', 'sshd').some((id) => ids.includes(id))).toBe(false)
    expect(ids.every((id) => Id.safeParse(id).success)).toBe(true)
  })

  it('do not confuse where a scope ends and a content begins', () => {
    expect(contentIds('ab', 'c')('d')).not.toBe(contentIds('a', 'bc')('d'))
  })

  it('begin again after 65,536 other contents: a copy of a log within itself is the same', () => {
    const idOf = contentIds('import', 'sshd')
    const first = idOf('line')
    for (let i = 0; i < 65_536; i++) idOf(`other ${i}`)
    expect(idOf('line')).toBe(first)
  })
})

describe('ids of events that have a name', () => {
  const event = {
    decided_at: '2026-03-01T08:00:00.000Z',
    outcome: 'permit',
    subject: { type: 'user', id: 'alice' },
  } as const

  it('are the same for the same event, whatever else a copy of it says', () => {
    const other = { ...event, subject: { ...event.subject, session_id: 's-1' } }
    expect(eventId(['import', 'okta'], 'e-1', other)).toBe(eventId(['import', 'okta'], 'e-1', event))
    expect(Id.safeParse(eventId(['import', 'okta'], 'e-1', event)).success).toBe(true)
  })

  it('differ by scope and name; and a borrowed name hides neither another verdict, subject nor instant', () => {
    const ids = [
      eventId(['import', 'okta'], 'e-1', event),
      eventId(['acme', 'okta'], 'e-1', event),
      eventId(['import', 'okta'], 'e-2', event),
      eventId(['import', 'okta'], 'e-1', { ...event, outcome: 'deny' }),
      eventId(['import', 'okta'], 'e-1', { ...event, subject: { type: 'user', id: 'mallory' } }),
      eventId(['import', 'okta'], 'e-1', { ...event, decided_at: '2026-03-01T08:00:00.001Z' }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('a set of ids', () => {
  it('is a set, through growth', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, 2, 0xffffffff), fc.nat({ max: 0xffffffff }))
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 3000 }), (pairs) => {
        const ids = new IdSet()
        const model = new Set<string>()
        for (const [high, low] of pairs) {
          // 0/0 stands for an empty slot and is kept as 0/1.
          const key = high === 0 && low === 0 ? '0/1' : `${high}/${low}`
          expect(ids.add(high, low)).toBe(!model.has(key))
          model.add(key)
        }
        expect(ids.size).toBe(model.size)
      }),
      { numRuns: 30 },
    )
  })
})
