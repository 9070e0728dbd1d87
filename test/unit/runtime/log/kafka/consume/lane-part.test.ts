import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../../../../services/runtime/log/event-log.ts'
import { Budget } from '../../../../../../services/runtime/log/kafka/consume/budget.ts'
import { LanePart } from '../../../../../../services/runtime/log/kafka/consume/lane-part.ts'

const MOST = 4 * 1024 * 1024

describe('what was read ahead of a partition', () => {
  it('is handed out in order, and the last batch of a fetch commits past the control records after it', () => {
    const { part } = partFrom(10)
    read(part, [10, 11, 12], 14)
    expect(part.next(2, 1e6)).toMatchObject({ records: [{ offset: 10 }, { offset: 11 }], next: 12 })
    expect(part.next(2, 1e6)).toMatchObject({ records: [{ offset: 12 }], next: 14 })
    expect(part.next(2, 1e6)).toBeUndefined()
  })

  it('commits past a marker that came by itself', () => {
    const { part } = partFrom(0)
    read(part, [0], 1)
    read(part, [], 2)
    expect(part.next(9, 1e6)).toMatchObject({ next: 2 })
    read(part, [], 3)
    expect(part.onlyControl).toBe(true)
  })

  it('ends before the end of a pinned range', () => {
    const { part } = partFrom(0)
    read(part, [0, 1, 2, 3], 4)
    expect(part.next(Infinity, Infinity, 2)).toMatchObject({ next: 2 })
    expect(part.next(Infinity, Infinity)).toMatchObject({ records: [{ offset: 2 }, { offset: 3 }], next: 4 })
  })

  it('hands out one record at least, however large', () => {
    const { part } = partFrom(0)
    read(part, [0, 1], 2)
    expect(part.next(10, 1)?.records).toHaveLength(1)
  })

  it('has no room when it is full, and again when it was handed out', () => {
    const { part, freed } = partFrom(0)
    read(part, [0], 1, MOST)
    expect(part.room()).toBe(0)
    part.next(1, 1e9)
    expect(part.room()).toBeGreaterThan(0)
    expect(freed()).toBe(1)
  })

  it('may read one fetch when it is empty, even while others have used up the budget', () => {
    const budget = new Budget(1_000)
    const [full, empty] = [partFrom(0, budget).part, partFrom(0, budget).part]
    read(full, [0], 1, 1_000)
    expect(full.room()).toBe(0)
    expect(empty.room()).toBeGreaterThan(0)
    full.clear()
    expect(budget.used).toBe(0)
  })
})

function partFrom(from: number, budget = new Budget(64 * 1024 * 1024)) {
  let count = 0
  const told = { changed: () => {}, freed: () => void count++ }
  const part = new LanePart({ topic: 't', partition: 0 }, from, { most: MOST, budget }, told)
  return { part, freed: () => count }
}

/** As the fetch loop does: the position first, then the records before it. */
function read(part: LanePart, offsets: readonly number[], position: number, bytes = 100): void {
  part.position = position
  const records = offsets.map((offset): LogRecord => ({
    offset,
    key: 'k',
    value: Buffer.from('v'),
    headers: {},
    appended_ms: 0,
  }))
  part.take(records, bytes)
}
