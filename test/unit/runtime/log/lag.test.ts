import { describe, expect, it } from 'vitest'
import { accessDecisions, accessFindings } from '../../../../schemas/topics.ts'
import type { LogTopic } from '../../../../schemas/topics.ts'
import { measureLag } from '../../../../services/runtime/log/lag.ts'
import { eventually } from '../../../support/eventually.ts'

/** A log of two topics with two partitions each, whose ends and positions the test sets. */
function offsets() {
  const ends = new Map<string, number>()
  const positions = new Map<string, number>()
  const log = { looks: 0, away: false }
  return {
    log,
    end: (topic: LogTopic, partition: number, offset: number) =>
      ends.set(`${topic.name}/${partition}`, offset),
    position: (topic: LogTopic, partition: number, offset: number) =>
      positions.set(`${topic.name}/${partition}`, offset),
    eventLog: {
      async watermarks(topic: LogTopic) {
        if (log.away) throw new Error('away')
        return [0, 1].map((partition) => ({
          partition,
          low: 0,
          high: ends.get(`${topic.name}/${partition}`) ?? 0,
        }))
      },
      async committed(_group: string, topic: LogTopic) {
        log.looks += 1
        const known = [0, 1].flatMap((partition): [number, number][] => {
          const at = positions.get(`${topic.name}/${partition}`)
          return at === undefined ? [] : [[partition, at]]
        })
        return new Map(known)
      },
    },
  }
}

function start() {
  const world = offsets()
  const clock = { ms: 0 }
  const faults: unknown[] = []
  const measure = measureLag({
    eventLog: world.eventLog,
    group: 'scoring',
    topics: [accessDecisions, accessFindings],
    now: () => clock.ms,
    every_ms: 1,
    failed: (error) => faults.push(error),
  })
  const looked = async () => {
    const from = world.log.looks
    await eventually('three more looks', () => world.log.looks >= from + 6)
  }
  return { ...world, clock, faults, measure, looked }
}

describe('the lag of a group', () => {
  it('is 0 while nothing waits, however long nothing comes', async () => {
    const { clock, measure, looked } = start()
    await looked()
    clock.ms = 3_600_000
    await looked()
    expect(measure.lag().seconds).toBe(0)
    await measure.stop()
  })

  it('tells which partition holds up the others, in seconds', async () => {
    const { end, position, clock, measure, looked } = start()
    end(accessDecisions, 0, 10)
    end(accessDecisions, 1, 10)
    position(accessDecisions, 1, 10)
    await looked()
    clock.ms = 5000
    await looked()
    const late = measure.lag().partitions
    expect(late.get(`${accessDecisions.name}/0`)).toBe(5)
    expect(late.get(`${accessDecisions.name}/1`)).toBe(0)
    position(accessDecisions, 0, 10)
    await looked()
    expect(measure.lag().partitions.get(`${accessDecisions.name}/0`)).toBe(0)
    await measure.stop()
  })

  it('counts records by topic over all partitions, those that were never committed too', async () => {
    const { end, position, measure, looked } = start()
    end(accessDecisions, 0, 10)
    position(accessDecisions, 0, 4)
    end(accessDecisions, 1, 3)
    await looked()
    expect(Object.fromEntries(measure.lag().records)).toEqual({
      [accessDecisions.name]: 9,
      [accessFindings.name]: 0,
    })
    await measure.stop()
  })

  it('grows with the clock while one partition stands still, though others go on', async () => {
    const { end, position, clock, measure, looked } = start()
    end(accessDecisions, 1, 1)
    for (let i = 1; i <= 5; i++) {
      clock.ms = i * 1000
      end(accessDecisions, 0, i)
      position(accessDecisions, 0, i)
      await looked()
    }
    expect(measure.lag().seconds).toBe(5)
    // when the one that stood still goes on
    position(accessDecisions, 1, 1)
    await looked()
    expect(measure.lag().seconds).toBe(0)
    await measure.stop()
  })

  it('of a group that keeps up with a steady stream is the time since its last look, not the time of the stream', async () => {
    const { end, position, clock, measure, looked } = start()
    for (let i = 1; i <= 20; i++) {
      clock.ms = i * 1000
      // one record is always under way
      end(accessDecisions, 0, i + 1)
      position(accessDecisions, 0, i)
      await looked()
    }
    expect(measure.lag().seconds).toBeLessThanOrEqual(2)
    await measure.stop()
  })

  it('grows while the log does not answer', async () => {
    const { log, clock, faults, measure, looked } = start()
    await looked()
    log.away = true
    await eventually('a failure', () => faults.length > 0)
    clock.ms = 30_000
    expect(measure.lag().seconds).toBe(30)
    log.away = false
    await looked()
    expect(measure.lag().seconds).toBe(0)
    await measure.stop()
  })
})
