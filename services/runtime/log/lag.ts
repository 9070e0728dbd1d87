import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog } from './event-log.ts'

/** How far a reader is behind. */
export interface Lag {
  /** Records not handled yet, by topic. */
  readonly records: ReadonlyMap<string, number>
  /** Seconds since the newest instant up to which everything is known to be handled; 0 when nothing waits. */
  readonly seconds: number
  /** The same for each partition by itself, by `topic/partition`: which one holds up the others. */
  readonly partitions: ReadonlyMap<string, number>
}

export interface LagMeasure {
  readonly lag: () => Lag
  stop(): Promise<void>
}

export interface LagOptions {
  readonly eventLog: Pick<EventLog, 'watermarks' | 'committed'>
  readonly group: string
  readonly topics: readonly LogTopic[]
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Pause between two looks; the lag in seconds is as fine as this. */
  readonly every_ms: number
  readonly failed?: (error: unknown) => void
}

/**
 * Measures how late a group is, in seconds, from offsets alone: at instant t
 * the ends of its topics are noted; when it has committed past them, everything
 * up to t is handled. No record is read, a reader that stands still gets later
 * and later, and a log that does not answer counts as standing still too. A
 * measure that has just begun counts from its beginning, so after a restart
 * into a backlog it is a lower bound.
 */
export function measureLag({ eventLog, group, topics, now, every_ms, failed }: LagOptions): LagMeasure {
  let handledUpTo = now()
  let records: ReadonlyMap<string, number> = new Map()
  let mark: { readonly at: number; readonly ends: ReadonlyMap<string, number> } | null = null
  const places = new Map<string, { upTo: number; mark: { at: number; end: number }; waiting: number }>()
  const begun = now()
  let known = true
  const state = { stopped: false }
  let wake = (): void => {}

  async function look(): Promise<void> {
    const at = now()
    const ends = new Map<string, number>()
    const behind = new Map<string, number>()
    const positions = new Map<string, number>()
    for (const topic of topics) {
      const [marks, committed] = await Promise.all([
        eventLog.watermarks(topic),
        eventLog.committed(group, topic),
      ])
      let waiting = 0
      for (const { partition, low, high } of marks) {
        const place = `${topic.name}/${partition}`
        const position = Math.max(low, committed.get(partition) ?? low)
        ends.set(place, high)
        positions.set(place, position)
        waiting += Math.max(0, high - position)
        const before = places.get(place) ?? { upTo: begun, mark: { at, end: high } }
        const passed = position >= before.mark.end
        places.set(place, {
          upTo: passed ? before.mark.at : before.upTo,
          mark: passed ? { at, end: high } : before.mark,
          waiting: Math.max(0, high - position),
        })
      }
      behind.set(topic.name, waiting)
    }
    records = behind
    mark ??= { at, ends }
    if ([...mark.ends].every(([place, end]) => (positions.get(place) ?? 0) >= end)) {
      handledUpTo = mark.at
      mark = { at, ends }
    }
  }

  async function run(): Promise<void> {
    while (!state.stopped) {
      try {
        await look()
        known = true
      } catch (error) {
        known = false
        failed?.(error)
      }
      if (state.stopped) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, every_ms)
        timer.unref()
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  const running = run()
  return {
    lag: () => {
      const waits = !known || [...records.values()].some((count) => count > 0)
      const since = (instant: number) => Math.max(0, now() - instant) / 1000
      const late = [...places].map(([place, { upTo, waiting }]): [string, number] => [
        place,
        !known || waiting > 0 ? since(upTo) : 0,
      ])
      return { records, seconds: waits ? since(handledUpTo) : 0, partitions: new Map(late) }
    },
    async stop() {
      state.stopped = true
      wake()
      await running
    },
  }
}
