import { describe, expect, it } from 'vitest'
import {
  assign,
  type Candidate,
  type Sharing,
} from '../../../../../../services/runtime/log/kafka/group/assign.ts'

const topics = new Map([
  ['in', 4],
  ['also', 4],
])

describe('who gets which partitions', () => {
  it('one member has everything', () => {
    expect(assigned([member('a')], 'partition')).toEqual({ a: 'also/0123 in/0123' })
  })

  it('a newcomer gets nothing at first: what moves is let go by its owner before', () => {
    const [a, b] = [member('a', 'also/0123 in/0123', 1), member('b')]
    const first = assigned([a, b], 'partition')
    expect(first['b']).toBe('')
    expect(first['a']).toHaveLength('also/01 in/01'.length)
    const second = assigned([member('a', first['a'], 2), b], 'partition')
    expect(second['a']).toBe(first['a'])
    expect(second['b']).toHaveLength('also/23 in/23'.length)
  })

  it('partition p of every topic goes to one member', () => {
    const { a = '', b = '' } = assigned([member('a'), member('b')], 'partition')
    const [also, within] = a.split(' ')
    expect(also?.slice('also'.length)).toBe(within?.slice('in'.length))
    expect(b).not.toBe('')
  })

  it('nobody who stays loses anything when another leaves', () => {
    const after = assigned([member('a', 'also/01 in/01', 3), member('b', 'also/2 in/2', 3)], 'partition')
    expect(after).toEqual({ a: 'also/01 in/01', b: 'also/23 in/23' })
  })

  it('an older claim to the same partition is that of a sleeper', () => {
    const after = assigned(
      [member('a', 'also/0123 in/0123', 3), member('b', 'also/0123 in/0123', 5)],
      'partition',
    )
    expect(after['a']).toBe('')
    expect(after['b']).toHaveLength('also/01 in/01'.length)
  })

  it('whole topics, where the group spans partitions', () => {
    const { a, b } = assigned([member('a'), member('b')], 'topic')
    expect(new Set([a, b])).toEqual(new Set(['also/0123', 'in/0123']))
  })

  it('everything to one, where the group has a sole member: whoever has it keeps it, a sleeper does not get it back, and the next takes all', () => {
    const all = 'also/0123 in/0123'
    expect(assigned([member('a'), member('b', all, 3)], 'all')).toEqual({ a: '', b: all })
    expect(assigned([member('a', all, 2), member('b', all, 3)], 'all')).toEqual({ a: '', b: all })
    expect(assigned([member('a')], 'all')).toEqual({ a: all })
    expect(Object.values(assigned([member('a'), member('b')], 'all')).sort()).toEqual(['', all])
  })

  it('a topic goes only to those who read it, as during an upgrade', () => {
    const old: Candidate = { ...member('old'), topics: ['in'] }
    const { old: given = '', young = '' } = assigned([old, member('young')], 'partition')
    expect(given).not.toContain('also')
    expect(young).toContain('also/0123')
    expect([...`${given} ${young}`.matchAll(/in\/(\d+)/g)].map(([, parts]) => parts).join('')).toHaveLength(4)
  })
})

function member(id: string, owned = '', generation = -1): Candidate {
  const parts = owned.split(' ').flatMap((one) => {
    const [topic = '', numbers = ''] = one.split('/')
    return numbers.split('').map((partition) => ({ topic, partition: Number(partition) }))
  })
  return { id, topics: ['in', 'also'], owned: parts, generation }
}

function assigned(members: readonly Candidate[], sharing: Sharing): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [id, parts] of assign(members, topics, sharing)) {
    const byTopic = Map.groupBy(parts, ({ topic }) => topic)
    found[id] = [...byTopic]
      .map(
        ([topic, some]) =>
          `${topic}/${some
            .map(({ partition }) => partition)
            .sort((a, b) => a - b)
            .join('')}`,
      )
      .sort()
      .join(' ')
  }
  return found
}
