import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EntityStore, NONE, type Order } from '../../../../../services/scoring/state/store/entity-store.ts'

const bytesOf = (text: string, length: number) => Buffer.alloc(length, text)

function keysOf(store: EntityStore, order: Order): string[] {
  const keys: string[] = []
  for (let entry = order.first; entry !== NONE; entry = store.after(entry)) keys.push(store.key(entry))
  return keys
}

describe('the store of packed states', () => {
  const step = fc.record({
    key: fc.oneof(
      fc.nat(40).map((n) => `default/subject/user:${n}`),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    length: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }),
    order: fc.constantFrom(0, 1),
  })

  it('holds what a map holds, and each order is that of the last puts, whatever is put and removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(), (steps, seed) => {
        const store = new EntityStore(seed)
        const orders = [store.newOrder(), store.newOrder()] as const
        const model = new Map<string, { value: Buffer; order: number }>()
        for (const [index, { key, length, order }] of steps.entries()) {
          model.delete(key)
          if (length === undefined) store.remove(key)
          else {
            const value = bytesOf(String(index), length)
            store.put(key, value, orders[order], index)
            model.set(key, { value, order })
          }
        }
        expect(store.size).toBe(model.size)
        for (const [key, { value }] of model) {
          const entry = store.find(key)
          expect(store.key(entry)).toBe(key)
          expect(value.equals(store.value(entry))).toBe(true)
        }
        for (const [number, order] of orders.entries()) {
          const expected = [...model].filter(([, each]) => each.order === number).map(([key]) => key)
          expect(keysOf(store, order)).toEqual(expected)
          expect(order.size).toBe(expected.length)
        }
        expect(store.find('never put')).toBe(NONE)
      }),
      { numRuns: 60 },
    )
  })

  it('grows with what is alive, not with how often it was written', () => {
    const store = new EntityStore(7)
    const order = store.newOrder()
    const put = (round: number) => {
      for (let who = 0; who < 5000; who++)
        store.put(
          `default/subject/user:${who}`,
          bytesOf('x', 400 + ((who * 7 + round * 131) % 800)),
          order,
          round,
        )
    }
    for (let round = 0; round < 30; round++) put(round)
    let alive = 0
    for (let entry = order.first; entry !== NONE; entry = store.after(entry)) {
      alive += store.value(entry).length + store.key(entry).length + 10
    }
    expect(store.bytes).toBeLessThan(alive * 1.15 + 1_200_000)
    for (let who = 0; who < 5000; who++) store.remove(`default/subject/user:${who}`)
    expect(store.size).toBe(0)
    expect(store.bytes).toBeLessThan(1_500_000)
  })

  it('takes a value that is larger than a page', () => {
    const store = new EntityStore(7)
    store.put('large', bytesOf('a', 1_000_000))
    store.put('small', bytesOf('b', 10))
    store.put('large', bytesOf('c', 900_000))
    expect(store.value(store.find('large'))).toHaveLength(900_000)
    expect(store.value(store.find('small'))).toHaveLength(10)
  })
})
