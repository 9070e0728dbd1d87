import { expect, it } from 'vitest'
import { createGate } from '../../../../services/runtime/clickhouse/engine/gate.ts'

const never = new AbortController().signal

it('runs as many as it is wide, and the others in their order', async () => {
  const gate = createGate(2, 10, 1000)
  const order: number[] = []
  let most = 0
  await Promise.all(
    [0, 1, 2, 3, 4].map((n) =>
      gate.run(async () => {
        most = Math.max(most, gate.running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push(n)
      }, never),
    ),
  )
  expect([most, order, gate.running, gate.waiting]).toEqual([2, [0, 1, 2, 3, 4], 0, 0])
})

it('refuses when the queue is full, when the wait is too long, and when the caller has gone', async () => {
  const gate = createGate(1, 2, 20)
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = gate.run(() => promise, never)
  const gone = new AbortController()
  const waiting = [
    gate.run(() => Promise.resolve(), never),
    gate.run(() => Promise.resolve(), gone.signal),
    gate.run(() => Promise.resolve(), never),
  ]
  gone.abort()
  const codes = (await Promise.allSettled(waiting)).map((result) =>
    result.status === 'rejected' ? result.reason.code : 'ran',
  )
  expect(codes).toEqual([202, 210, 202])
  expect(gate.waiting).toBe(0)
  resolve()
  await first
  expect(await gate.run(() => Promise.resolve('free'), never)).toBe('free')
})

it('gives its place up when the work fails', async () => {
  const gate = createGate(1, 1, 20)
  await expect(gate.run(() => Promise.reject(new Error('bad')), never)).rejects.toThrow('bad')
  expect(await gate.run(() => Promise.resolve(1), never)).toBe(1)
})
