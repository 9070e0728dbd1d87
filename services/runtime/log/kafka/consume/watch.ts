import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { LogMetrics } from '../../log-metrics.ts'
import type { Lane } from './lane.ts'
import type { Names } from '../names.ts'
import { listed } from '../read/offsets.ts'
import type { Link } from '../wire/link.ts'

/** Why a consumer was started anew; a closed list, as it is a label. */
export type StallCause = 'fetch' | 'handler' | 'commit' | 'claim'

export interface Patience {
  /** Records are there and none comes, or a commit doesn't end, for this long. Default 30 s. */
  readonly stall_ms: number
  /** A handler that has had a batch for this long will not give it back. Default 10 min: a store may be away for long. */
  readonly handler_ms: number
}

export interface WatchParts {
  readonly link: Link
  readonly names: Names
  readonly group: string
  readonly topics: readonly LogTopic[]
  readonly metrics: LogMetrics | undefined
}

/**
 * Looks whether a consumer still moves, from outside: what the brokers hold is
 * asked on a connection of its own and compared with how far each lane has
 * read. Every client of Kafka for Node has reports of consumers that stood
 * still without a word; this one has the same right to be distrusted.
 */
export class Watch {
  readonly #parts: WatchParts
  readonly #patience: Patience
  /** Position of each partition when it was last seen to move, and when that was. */
  readonly #seen = new Map<string, { position: number; at: number }>()

  constructor(parts: WatchParts, patience: Patience) {
    this.#parts = parts
    this.#patience = patience
  }

  /** What stands still; undefined when all moves, or nothing can be said because the brokers are away. */
  async look(lanes: readonly Lane[]): Promise<StallCause | undefined> {
    const now = performance.now()
    const { stall_ms, handler_ms } = this.#patience
    for (const { handlingSince, committingSince, claimingSince, state } of lanes) {
      if (handlingSince !== undefined && now - handlingSince > handler_ms) return 'handler'
      if (committingSince !== undefined && now - committingSince > stall_ms + COMMIT_MS) return 'commit'
      if (state === 'claiming' && now - claimingSince > stall_ms + CLAIM_MS) return 'claim'
    }
    return await this.#fetching(lanes, now)
  }

  async #fetching(lanes: readonly Lane[], now: number): Promise<StallCause | undefined> {
    const { link, names, topics, group, metrics } = this.#parts
    const moving = new Set<string>()
    let stalled = false
    for (const topic of topics) {
      const mine = lanes.filter((lane) => lane.topic.name === topic.name && lane.state === 'ours')
      const parts = mine.flatMap((lane) => (lane.loading ? [] : lane.parts))
      if (parts.length === 0) continue
      const numbers = parts.map(({ partition }) => partition)
      // Up to the first open transaction: beyond it nothing can be read yet.
      const stable = await listed(link, names.topic(topic), numbers, 'stable')
      for (const part of parts) {
        const end = stable.get(part.partition) ?? 0
        metrics?.lag(group, topic.name, part.partition, Math.max(0, end - part.committed))
        const key = `${topic.name}/${part.partition}`
        moving.add(key)
        const before = this.#seen.get(key)
        const waits = part.position < end && part.room() > 0
        if (!waits || before === undefined || before.position !== part.position) {
          this.#seen.set(key, { position: part.position, at: now })
        } else if (now - before.at > this.#patience.stall_ms) stalled = true
      }
    }
    for (const key of this.#seen.keys()) if (!moving.has(key)) this.#seen.delete(key)
    return stalled ? 'fetch' : undefined
  }
}

/** A commit whose coordinator changes, or whose group settles, may take this long without being stuck. */
const COMMIT_MS = 30_000
/** A claim waits for the open transactions of an earlier owner. */
const CLAIM_MS = 60_000
