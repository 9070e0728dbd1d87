import type { Logger } from 'pino'
import { riskState } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { type Position, formatPosition, same } from './position.ts'
import { type Placed, endOf, readBetween } from './tail.ts'

/** One who hears of every change of risk. */
interface Subscriber {
  /** Must return at once and must not throw. `id` is the place behind the change. */
  hear(change: Placed, id: string): void
}

/**
 * Reads the risk topic once for all subscribers. A subscriber first reads by
 * itself from where it left off, and joins when it has reached the hub's place:
 * nothing is missed in between, and nothing comes twice.
 */
export interface Hub {
  /** Where the hub has read to. */
  readonly position: Position
  /** Joins if `position` is the hub's; false: read on and try again. */
  join(subscriber: Subscriber, position: Position): boolean
  leave(subscriber: Subscriber): void
  stop(): Promise<void>
}

export async function startHub(eventLog: EventLog, logger: Logger): Promise<Hub> {
  const table = await eventLog.openTable(riskState)
  const position = await endOf(eventLog, riskState)
  const subscribers = new Set<Subscriber>()
  let wanted = false
  let stopped = false
  let pumping: Promise<void> = Promise.resolve()

  async function pump(): Promise<void> {
    while (wanted) {
      wanted = false
      if (stopped) return
      try {
        const end = await endOf(eventLog, riskState)
        // Whoever joins reads what came before by himself.
        if (subscribers.size === 0) {
          for (const [partition, offset] of end.entries()) position[partition] = offset
          continue
        }
        for await (const change of readBetween(eventLog, riskState, [...position], end)) {
          // Place and telling in one step: who joins before or after it hears it once.
          position[change.partition] = change.record.offset + 1
          const id = formatPosition(position)
          for (const subscriber of subscribers) subscriber.hear(change, id)
        }
        // What compaction took away lies behind us too.
        for (const [partition, offset] of end.entries()) position[partition] = offset
      } catch (error) {
        logger.warn({ err: error }, 'the risk feed could not read on; tried again with the next change')
      }
    }
  }

  const unfollow = table.follow(() => {
    if (wanted) return
    wanted = true
    pumping = pumping.then(pump)
  })
  return {
    position,
    join(subscriber, at) {
      if (!same(at, position)) return false
      subscribers.add(subscriber)
      return true
    },
    leave: (subscriber) => void subscribers.delete(subscriber),
    async stop() {
      stopped = true
      unfollow()
      await pumping
      await table.close()
    },
  }
}
