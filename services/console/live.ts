import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import { accessScored } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { readRecord } from '../runtime/log/json-record.ts'
import { type DecisionFilter, passes } from './decision-filter.ts'
import { type DecisionSummary, toSummary } from './decision-row.ts'
import { sample } from './sample.ts'

const PERIOD_MS = 500
/** Records parsed in one period at most, the newest: the live view must not slow the process that it runs in. */
const MOST_PARSED = 500
/** Newest decisions kept while somebody looks: what a new viewer sees at once, whether or not the store is up. */
const MOST_KEPT = 200

/** What one viewer gets in one period. */
export interface Tick {
  readonly decisions: readonly DecisionSummary[]
  /** Decisions that passed the filter, as far as they were looked at. */
  readonly seen: number
  readonly left_out: number
  readonly period_ms: number
}

export interface Live {
  /**
   * Calls back every half second, never before it has returned. Returns what
   * ends it, or null when there are as many viewers as allowed.
   */
  watch(filter: DecisionFilter, tell: (tick: Tick) => void): (() => void) | null
  stop(): Promise<void>
}

export interface LiveOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: Registry
  readonly rows_per_second: number
  readonly viewers: number
}

/**
 * Follows the newest scored decisions while somebody looks, once for all
 * viewers, and reads nothing while nobody does. It reads plainly, without a
 * consumer group: a view that misses a row because it was closed is no loss,
 * and offsets of viewers would fill the log.
 */
export function openLive({ eventLog, logger, metrics, rows_per_second, viewers }: LiveOptions): Live {
  const watching = new Map<symbol, Viewer>()
  const cursor = new Map<number, number>()
  let kept: readonly DecisionSummary[] = []
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> = Promise.resolve()
  const gauge = gaugeOf(metrics)
  const leftOut = counterOf(metrics)

  /** What is new since the last time; the first time, the newest that the log holds. */
  async function readNew(most: number): Promise<{ decisions: DecisionSummary[]; unread: number }> {
    const decisions: DecisionSummary[] = []
    let unread = 0
    const marks = await eventLog.watermarks(accessScored)
    const each = Math.ceil(most / Math.max(1, marks.length))
    for (const { partition, low, high } of marks) {
      const next = cursor.get(partition) ?? low
      cursor.set(partition, high)
      if (next >= high) continue
      const from = Math.max(low, next, high - each)
      unread += from - next
      for await (const records of eventLog.read(accessScored, { partition, from, to: high })) {
        for (const record of records) {
          const scored = readRecord(accessScored.schema, record)
          if (scored !== undefined) decisions.push(toSummary(scored))
        }
      }
    }
    return { decisions: decisions.sort(byTime), unread }
  }

  async function tick(): Promise<void> {
    const first = cursor.size === 0
    const { decisions, unread } = await readNew(first ? MOST_KEPT : MOST_PARSED)
    kept = [...kept, ...decisions].slice(-MOST_KEPT)
    for (const viewer of watching.values()) {
      if (first) showKept(viewer)
      else showNew(viewer, decisions, unread)
    }
  }

  function showKept({ filter, tell }: Viewer): void {
    const decisions = kept.filter((decision) => passes(filter, decision))
    tell({ decisions, seen: 0, left_out: 0, period_ms: PERIOD_MS })
  }

  function showNew({ filter, tell }: Viewer, decisions: readonly DecisionSummary[], unread: number): void {
    const passed = decisions.filter((decision) => passes(filter, decision))
    const shown = sample(passed, Math.max(1, Math.floor((rows_per_second * PERIOD_MS) / 1000)))
    const seen = passed.length + unread
    leftOut.inc(seen - shown.length)
    tell({ decisions: shown, seen, left_out: seen - shown.length, period_ms: PERIOD_MS })
  }

  function schedule(afterMs: number): void {
    timer = setTimeout(() => {
      reading = tick()
        .catch((error: unknown) =>
          logger.warn({ err: error }, 'the live view could not read the log; it tries again'),
        )
        .finally(() => (watching.size > 0 ? schedule(PERIOD_MS) : stand()))
    }, afterMs)
  }

  function stand(): void {
    clearTimeout(timer)
    timer = undefined
    cursor.clear()
    kept = []
  }

  return {
    watch(filter, tell) {
      if (watching.size >= viewers) return null
      const key = Symbol('viewer')
      const viewer = { filter, tell }
      watching.set(key, viewer)
      gauge.set(watching.size)
      if (timer === undefined) schedule(0)
      else if (cursor.size > 0) queueMicrotask(() => watching.has(key) && showKept(viewer))
      return () => {
        watching.delete(key)
        gauge.set(watching.size)
      }
    },
    async stop() {
      watching.clear()
      stand()
      await reading
      stand()
    },
  }
}

interface Viewer {
  readonly filter: DecisionFilter
  readonly tell: (tick: Tick) => void
}

function byTime(a: DecisionSummary, b: DecisionSummary): number {
  return a.decided_at < b.decided_at ? -1 : a.decided_at > b.decided_at ? 1 : 0
}

function gaugeOf(registers: Registry): Gauge {
  return new Gauge({ name: 'gatewatch_console_viewers', help: 'Open live views.', registers: [registers] })
}

function counterOf(registers: Registry): Counter {
  return new Counter({
    name: 'gatewatch_console_live_left_out_total',
    help: 'Decisions that a live view did not show, because there were more than its rate allows.',
    registers: [registers],
  })
}
