import { once } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { repeatOneAtATime } from '../../../services/runtime/one-at-a-time.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('leaves out what a slow turn misses, and goes on after it', async () => {
  const turns: PromiseWithResolvers<void>[] = []
  const repeating = repeatOneAtATime({
    every_ms: 10,
    turn: () => {
      const turn = Promise.withResolvers<void>()
      turns.push(turn)
      return turn.promise
    },
    failed: () => {},
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(turns).toHaveLength(1)
  turns[0]?.resolve()
  await vi.advanceTimersByTimeAsync(10)
  expect(turns).toHaveLength(2)
  turns[1]?.resolve()
  await repeating.stop()
})

it('tells of a fault and tries again', async () => {
  const failed = vi.fn<(error: unknown) => void>()
  const repeating = repeatOneAtATime({ every_ms: 10, turn: () => Promise.reject(new Error('away')), failed })
  await vi.advanceTimersByTimeAsync(20)
  expect(failed).toHaveBeenCalledTimes(2)
  await repeating.stop()
})

it('tells the turn under way to break off when it stops, waits for it, and begins no other', async () => {
  let ended = false
  const turn = vi.fn<(stopping: AbortSignal) => Promise<void>>(async (stopping) => {
    await once(stopping, 'abort')
    ended = true
  })
  const repeating = repeatOneAtATime({ every_ms: 10, turn, failed: () => {} })
  await vi.advanceTimersByTimeAsync(10)
  await repeating.stop()
  expect(ended).toBe(true)
  await vi.advanceTimersByTimeAsync(1000)
  expect(turn).toHaveBeenCalledTimes(1)
})
