import { accessActivity, accessDecisions, accessFindings, analystVerdicts } from '../../../schemas/topics.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog, Table } from '../../runtime/log/event-log.ts'
import { within } from '../../runtime/within.ts'

/** Who must have read what before the risk of a decision is known here, in the order of the loop. */
const STAGES: readonly (readonly [group: string, topic: LogTopic])[] = [
  ['scoring', accessDecisions],
  ['scoring-source', accessActivity],
  ['feedback', accessFindings],
  ['feedback', analystVerdicts],
]

export interface RiskAge {
  /** Whole milliseconds since the newest instant up to which everything was scored and is known here; the greatest safe integer when there was none yet. */
  readonly age_ms: () => number
  stop(): Promise<void>
}

export interface RiskAgeOptions {
  readonly eventLog: EventLog
  readonly table: Table
  readonly now: () => number
  /** Whether everything that was decided here is in the log; what waits elsewhere, nobody can have scored. Default: it always is. */
  readonly allLogged?: () => boolean
  /** Pause between two measurements, and between two looks at a stage that lags. */
  readonly every_ms?: number
  readonly failed?: (error: unknown) => void
}

/**
 * Measures how old the local view of risk is, honestly: not whether the feed is
 * connected, but whether what it says is about now. At instant t the ends of
 * the decisions topic are noted; when scoring has committed past them, the ends
 * of the findings are noted, and so on through the loop to our own table. Then
 * everything up to t is known, and the age counts from t. While decisions wait in
 * the spool no instant is noted, for those are in no topic yet. A stage that stands
 * still makes the age grow, whoever's fault it is. Where nobody makes
 * decisions there is nothing to know, and the view stays fresh.
 */
export function startRiskAge({
  eventLog,
  table,
  now,
  allLogged,
  every_ms = 500,
  failed,
}: RiskAgeOptions): RiskAge {
  let fresh_at = -Infinity
  const state = { stopped: false }
  let wake: (() => void) | null = null
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, every_ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function passed(group: string, topic: LogTopic): Promise<void> {
    const ends = await eventLog.watermarks(topic)
    while (!state.stopped) {
      const committed = await eventLog.committed(group, topic)
      // A partition whose records were all removed has nothing that anybody could still read.
      if (ends.every(({ partition, low, high }) => high === low || (committed.get(partition) ?? 0) >= high))
        return
      await pause()
    }
  }

  async function measure(): Promise<void> {
    while (!state.stopped) {
      const at = now()
      if (allLogged?.() === false) {
        await pause()
        continue
      }
      try {
        for (const [group, topic] of STAGES) await passed(group, topic)
        await table.caughtUp()
        if (!state.stopped) fresh_at = at
      } catch (error) {
        failed?.(error)
      }
      if (!state.stopped) await pause()
    }
  }

  const running = measure()
  return {
    age_ms: () =>
      fresh_at === -Infinity ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.round(now() - fresh_at)),
    async stop() {
      state.stopped = true
      wake?.()
      // A log that is silent holds up no stop.
      await within(running, 500)
    },
  }
}

/** For Prometheus, where what is not known yet is infinitely old: a figure would flatten every chart. */
export function secondsOf(ageMs: number): number {
  return ageMs === Number.MAX_SAFE_INTEGER ? Infinity : ageMs / 1000
}
