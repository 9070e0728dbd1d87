import { expect, it } from 'vitest'
import { accessDecisions } from '../../../../../../schemas/topics.ts'
import { Doubts } from '../../../../../../services/runtime/log/kafka/append/doubts.ts'

const record = { topic: accessDecisions, key: 'k', value: 'v' }

it('a record in doubt has the fate of the first one when it is brought again, once', async () => {
  const doubts = new Doubts()
  const fate = Promise.resolve([])
  doubts.add([record, { ...record, value: 'other' }], fate)
  expect(doubts.take({ ...record })).toBe(fate)
  expect(doubts.take(record)).toBeUndefined()
  expect(doubts.take({ ...record, value: Buffer.from('other') })).toBe(fate)
  await fate
})

it('another value, key or partition is another record', () => {
  const doubts = new Doubts()
  doubts.add([record], Promise.resolve([]))
  expect(doubts.take({ ...record, value: 'w' })).toBeUndefined()
  expect(doubts.take({ ...record, key: 'l' })).toBeUndefined()
  expect(doubts.take({ ...record, partition: 1 })).toBeUndefined()
  expect(doubts.take({ ...record, value: null })).toBeUndefined()
})

it('a fate that turns out badly is no fault of anybody who does not ask', async () => {
  const doubts = new Doubts()
  const fate = Promise.reject(new Error('gone'))
  doubts.add([record], fate)
  await expect(doubts.take(record)).rejects.toThrow('gone')
})

it('holds a bounded number of them', () => {
  const doubts = new Doubts()
  const many = Array.from({ length: 50_001 }, (_, i) => ({ ...record, value: String(i) }))
  doubts.add(many, Promise.resolve([]))
  expect(doubts.take({ ...record, value: '0' })).toBeUndefined()
  expect(doubts.take({ ...record, value: '50000' })).toBeDefined()
})
