import type { Logger } from 'pino'
import type { z } from 'zod'
import { Alert } from '../../../schemas/alert.ts'
import type { Tick } from '../../../schemas/census.ts'
import { Finding } from '../../../schemas/finding.ts'
import { readEvent } from '../../../schemas/later.ts'
import { RiskState } from '../../../schemas/risk.ts'
import { Story } from '../../../schemas/story.ts'
import {
  accessFindings,
  accessStories,
  alertsOutbox,
  analystVerdicts,
  feedbackTicks,
  type LogTopic,
  riskState,
} from '../../../schemas/topics.ts'
import { Verdict } from '../../../schemas/verdict.ts'
import type { Batch, EventLog, OutRecord, PartitionRecords, Table } from '../../runtime/log/event-log.ts'
import { deadLetterRecord, jsonRecord, parseJson, readRecord } from '../../runtime/log/json-record.ts'
import { repeatOneAtATime } from '../../runtime/one-at-a-time.ts'
import type { Running } from '../../runtime/runtime.ts'
import type { BreakerLimits } from '../ledger/breaker.ts'
import type { FeedbackMetrics } from '../metrics.ts'
import { Book } from './book.ts'
import { takeFinding } from './take-finding.ts'
import { type Due, findDue, isNothing, takeTime } from './take-time.ts'
import { takeVerdict } from './take-verdict.ts'
import { type Rules, Turn } from './turn.ts'

const SWEEP_MS = 1000

export interface WorkerOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: FeedbackMetrics
  readonly breaker: BreakerLimits
  readonly rules: Omit<Rules, 'closedStory'>
  readonly now: () => number
}

export interface RunningWorker extends Running {
  /** Whether this process has the ledger; otherwise another one has, and this one stands by. */
  leads(): boolean
}

/**
 * Runs the ledger: findings, verdicts and time in; risk states, stories and
 * alerts out, committed with the offsets in one step. Nothing else writes
 * these topics, so that what is in memory is what is in the log.
 *
 * The log commits after `handle` has returned, and does not say whether it
 * could. Memory is ahead of the log until then; when a commit fails, the same
 * records come again, which shows by their offsets, and the book is read anew.
 *
 * One process has all the partitions. One that slept for longer than its session
 * wakes without them: what it had in hand is refused, it stands by, and should it
 * get them again, it reads the book anew before it handles anything.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { eventLog, logger, metrics, now } = options
  const tables = await openTables(eventLog)
  const rules: Rules = {
    ...options.rules,
    closedStory: (key) => readOne(tables.stories.get(key), Story),
  }
  let book = new Book(options.breaker)
  let due: Due | null = null
  let sweeps = 0
  let stopping = false
  let stale = false
  const handled = new Map<string, number>()
  const owned = new Set<string>()
  let ready = false
  let loading: Promise<void> | undefined

  /** All partitions come together, and wait for the one reading. */
  async function takeOver(topic: LogTopic, partition: number): Promise<void> {
    owned.add(nameOf({ topic, partition }))
    if (ready) return
    loading ??= reload().finally(() => {
      loading = undefined
    })
    await loading
    ready = owned.size > 0
  }

  function giveUp(topic: LogTopic, partition: number): void {
    owned.delete(nameOf({ topic, partition }))
    if (ready && !stopping)
      logger.warn('the ledger was lost to another process, or to a pause; this one stands by')
    ready = false
  }

  async function reload(): Promise<void> {
    handled.clear()
    book = await load(tables, options.breaker, now())
    stale = false
    due = null
  }

  async function handle(batch: Batch): Promise<OutRecord[]> {
    if (stale || batch.parts.some((part) => part.first_offset <= (handled.get(nameOf(part)) ?? -1))) {
      await reload()
      metrics.reloads.inc()
    }
    const stopTimer = metrics.batch_seconds.startTimer()
    const turn = new Turn(book, rules, now())
    const deadLetters: OutRecord[] = []
    for (const part of batch.parts) {
      metrics.received.inc({ topic: part.topic.name }, part.records.length)
      takePart(turn, part, deadLetters)
      handled.set(nameOf(part), part.last_offset)
    }
    count(turn, metrics)
    stopTimer()
    return [...turn.outputs(), ...deadLetters]
  }

  function takePart(turn: Turn, part: PartitionRecords, deadLetters: OutRecord[]): void {
    if (part.topic.name === feedbackTicks.name) {
      const evicted = due ? takeTime(turn, due) : { entities: 0, stories: 0 }
      due = null
      metrics.evicted.inc({ what: 'entity' }, evicted.entities)
      metrics.evicted.inc({ what: 'story' }, evicted.stories)
      return
    }
    for (const record of part.records) {
      const parsed = parseJson(record)
      const value = parsed.kind === 'ok' ? parsed.value : undefined
      const finding = part.topic.name === accessFindings.name ? readEvent(Finding, value) : undefined
      const verdict = part.topic.name === analystVerdicts.name ? readEvent(Verdict, value) : undefined
      // Under another key it came out of order with the rest of what its entity did.
      const misplaced =
        (finding && record.key !== accessFindings.key(finding)) ||
        (verdict && record.key !== analystVerdicts.key(verdict))
      if (finding && !misplaced) takeFinding(turn, finding)
      else if (verdict && !misplaced) takeVerdict(turn, verdict)
      else {
        const reason = parsed.kind === 'dead-letter' ? parsed.reason : misplaced ? 'wrong-key' : 'schema'
        metrics.dead_letters.inc({ topic: part.topic.name, reason })
        deadLetters.push(deadLetterRecord(part.topic, part.partition, record, { reason }))
      }
    }
  }

  const consumption = await eventLog.consume({
    group: 'feedback',
    topics: [accessFindings, analystVerdicts, feedbackTicks],
    sole: true,
    handle,
    assigned: takeOver,
    revoked: giveUp,
    failed(error) {
      stale = true
      logger.warn({ err: error }, 'a batch of findings failed and is tried again')
    },
  })

  async function sweep(): Promise<void> {
    metrics.open_stories.set(book.stories.size)
    metrics.entities.set(book.states.size)
    metrics.open_alerts.set(book.alerts.size)
    if (stale || !ready) return
    sweeps += 1
    const found = findDue(book, rules, now(), sweeps)
    if (isNothing(found)) return
    due = found
    const tick: Tick = { schema_version: 1, at: new Date(now()).toISOString() }
    await eventLog.append([jsonRecord(feedbackTicks, tick)])
  }

  const sweeping = repeatOneAtATime({
    every_ms: SWEEP_MS,
    turn: sweep,
    failed: (error) =>
      logger.warn({ err: error }, 'the ledger could not note the time; tried again in a second'),
  })

  return {
    leads: () => ready,
    async stop() {
      stopping = true
      await sweeping.stop()
      await consumption.stop()
      await Promise.all([tables.states.close(), tables.stories.close(), tables.alerts.close()])
    },
  }
}

interface Tables {
  readonly states: Table
  readonly stories: Table
  readonly alerts: Table
}

async function openTables(eventLog: EventLog): Promise<Tables> {
  const [states, stories, alerts] = await Promise.all([
    eventLog.openTable(riskState),
    eventLog.openTable(accessStories),
    eventLog.openTable(alertsOutbox),
  ])
  return { states, stories, alerts }
}

/** Reads the book from the compacted topics. What can't be read there is passed over: it would stop the ledger for good. */
async function load(tables: Tables, breaker: BreakerLimits, nowMs: number): Promise<Book> {
  const book = new Book(breaker)
  await Promise.all([tables.states.caughtUp(), tables.stories.caughtUp(), tables.alerts.caughtUp()])
  const states: [string, RiskState][] = []
  for (const [key, value] of tables.states.entries()) {
    const state = readOne(value, RiskState)
    if (state) states.push([key, state])
  }
  states.sort(([, a], [, b]) => (a.updated_at < b.updated_at ? -1 : 1))
  for (const [key, state] of states) book.setState(key, state, nowMs)
  const stories: Story[] = []
  for (const [, value] of tables.stories.entries()) {
    const story = readOne(value, Story)
    if (story) stories.push(story)
  }
  stories.sort((a, b) => (a.observed_at < b.observed_at ? -1 : 1))
  for (const story of stories) book.setStory(story, nowMs)
  for (const [, value] of tables.alerts.entries()) {
    const alert = readOne(value, Alert)
    if (alert) book.setAlert(alert)
  }
  return book
}

function readOne<T>(value: Uint8Array | undefined, schema: z.ZodType<T>): T | undefined {
  return readRecord(schema, { value: value ?? null })
}

function count(turn: Turn, metrics: FeedbackMetrics): void {
  for (const state of turn.changedStates()) {
    metrics.states.inc({ level: state.level })
    if (state.withheld !== null) metrics.withheld.inc({ reason: state.withheld })
  }
}

function nameOf(part: Pick<PartitionRecords, 'topic' | 'partition'>): string {
  return `${part.topic.name}/${part.partition}`
}
