import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../../../../../schemas/topics.ts'
import type { ConsumeOptions } from '../../../../../../services/runtime/log/event-log.ts'
import { Budget } from '../../../../../../services/runtime/log/kafka/consume/budget.ts'
import { LanePart } from '../../../../../../services/runtime/log/kafka/consume/lane-part.ts'
import { Lane } from '../../../../../../services/runtime/log/kafka/consume/lane.ts'

const MOST = 4 * 1024 * 1024
const topic: LogTopic = { name: 't', partitions: 1, retention_ms: Infinity, compacted: false }

describe('a lane that would wait for a transaction', () => {
  it('waits with its batch as long as it would not be full', () => {
    const { lane, read } = laneOf({ max_records: 3 })
    read(2)
    expect(lane.patient).toBe(true)
    read(1)
    expect(lane.patient).toBe(false)
  })

  it('waits no more once its partition is read ahead as far as it may be', () => {
    const { lane, read } = laneOf({ max_records: 3 })
    read(1, MOST)
    expect(lane.patient).toBe(false)
  })

  it('hands out at once what was handed out before, and what was pinned', () => {
    const { lane, read } = laneOf({ max_records: 3 })
    read(1)
    lane.next(0)
    expect(lane.patient).toBe(false)

    const pinned = laneOf({ pinned: true }, { partition: 0, first: 0, last: 1, next: 2 })
    pinned.read(1)
    expect(pinned.lane.patient).toBe(false)
  })
})

describe('a lane that lets its batches fill', () => {
  const filling = { linger_ms: 200, min_records: 10 }

  it('hands out what waits when another one of the group does', () => {
    const { lane, read } = laneOf(filling)
    read(2)
    expect(lane.next(1_000)).toBe(200)
    lane.hurry()
    expect(lane.next(1_001)).toMatchObject({ parts: [{ last_offset: 1 }] })
    lane.committed()
    read(1)
    expect(lane.next(1_002)).toBe(200)
  })

  it('waits its full time for what came after the other one had gone', () => {
    const { lane, read } = laneOf(filling)
    lane.hurry()
    read(2)
    expect(lane.next(1_000)).toBe(200)
  })
})

function laneOf(options: Partial<ConsumeOptions>, pin?: { partition: 0; first: 0; last: 1; next: 2 }) {
  const lane = new Lane('t/0', topic, [0], { group: 'g', topics: [topic], handle: () => [], ...options })
  const limits = { most: MOST, budget: new Budget(MOST) }
  const part = new LanePart({ topic: 't', partition: 0 }, 0, limits, { changed: () => {}, freed: () => {} })
  lane.begin([part], [{ topic: 't', partition: 0, from: 0, pin }])
  const read = (count: number, bytes = 100) => {
    const first = part.position
    part.position += count
    const records = Array.from({ length: count }, (_, index) => ({
      offset: first + index,
      key: 'k',
      value: null,
      headers: {},
      appended_ms: 0,
    }))
    part.take(records, bytes)
  }
  return { lane, read }
}
