import type { Logger } from 'pino'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { beginChain } from './chain.ts'
import type { ChainHead, NumberedDraft, PepIdentity } from './chain.ts'
import type { DecisionDraft } from './decision-draft.ts'

/** Bounds of one group commit. */
const MAX_BATCH = 500
/** Room beyond the queue's bound that only break-glass decisions may use. */
const BREAK_GLASS_ROOM = 1000
const RETRY_MIN_MS = 20
const RETRY_MAX_MS = 2000

interface Recorded {
  readonly id: string
  /** Resolves when the decision is on disk. Never rejects: a failing log is tried again until `stop`. */
  readonly durable: Promise<void>
}

/** Writes every decision to the log: numbered, chained, in group commits. */
export interface Recorder {
  readonly boot_id: string
  /**
   * Takes a decision, or refuses it (null) because the queue is full or the log
   * is failing; then the request must be refused. A break-glass decision still
   * finds room. The number is given here, so the order of calls is the order of the chain.
   */
  record(draft: DecisionDraft, options?: { readonly breakGlass?: boolean }): Recorded | null
  /** What is durable, for heartbeats and the mark file; null before the first flush. */
  durableHead(): ChainHead | null
  /** Number of the newest decision that was taken, durable or not; -1 before the first. */
  lastTaken(): number
  /** Why `record` would refuse now; null when it would not. */
  refusing(): 'queue_full' | 'log_failing' | null
  readonly waiting: number
  /** Waits up to `timeout_ms` for what was taken to be on disk. */
  stop(timeout_ms?: number): Promise<void>
}

export interface RecorderOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly pep: PepIdentity
  readonly previous: ChainHead | null
  readonly queue: number
  readonly now: () => number
  /** Told after each flush what is durable now; not waited for by requests. */
  readonly flushed?: (head: ChainHead, decisions: readonly Decision[], duration_ms: number) => void
  /** Told of each failed append, before it is tried again. */
  readonly failed?: (error: unknown) => void
}

interface Waiting extends NumberedDraft {
  readonly resolve: () => void
}

/**
 * One append is in flight at a time; what arrives meanwhile is the next group
 * commit, so that the flush is shared and the log holds the chain in order.
 * When an append fails, the same decisions are tried again, with growing
 * pauses, and new ones are refused after the first failure until one succeeds:
 * a decision that can't be recorded must not be acted on. What was refused
 * meanwhile is itself recorded afterwards, as one event with the count.
 */
export function startRecorder(options: RecorderOptions): Recorder {
  const { eventLog, logger, pep, now } = options
  const chain = beginChain(pep, options.previous)
  const queue: Waiting[] = []
  let nextSeq = 0
  let durable: ChainHead | null = null
  let failing = false
  let stopped = false
  let refused = 0
  let refusedSince = 0
  let running: Promise<void> | null = null
  let wakeRetry: (() => void) | null = null

  function take(draft: DecisionDraft): Recorded {
    const seq = nextSeq
    nextSeq += 1
    const id = `${chain.boot_id}-${seq}`
    const durable = new Promise<void>((resolve) => {
      queue.push({ seq, decision: { id, ...draft }, resolve })
    })
    running ??= drain().finally(() => {
      running = null
    })
    return { id, durable }
  }

  function refusing(): 'queue_full' | 'log_failing' | null {
    if (stopped || failing) return 'log_failing'
    return queue.length >= options.queue ? 'queue_full' : null
  }

  async function drain(): Promise<void> {
    // Requests of the same turn of the event loop share the commit.
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.slice(0, MAX_BATCH)
      // Linked once: a repeat after a failure writes the very same bytes.
      const decisions: Decision[] = batch.map((waiting) => chain.link(waiting))
      const records = decisions.map((decision) => jsonRecord(accessDecisions, decision))
      const head = chain.head()
      const started = performance.now()
      if (!(await appendUntilDone(records))) return
      queue.splice(0, batch.length)
      durable = head
      for (const { resolve } of batch) resolve()
      if (head) options.flushed?.(head, decisions, performance.now() - started)
      recordRefusals()
    }
  }

  async function appendUntilDone(records: Parameters<EventLog['append']>[0]): Promise<boolean> {
    for (let pause = RETRY_MIN_MS; ; pause = Math.min(pause * 2, RETRY_MAX_MS)) {
      try {
        await eventLog.append(records)
        if (failing) logger.warn('the event log takes decisions again')
        failing = false
        return true
      } catch (error) {
        if (!failing)
          logger.error(
            { err: error },
            'decisions cannot be recorded, so requests are refused; check the disk and the event log',
          )
        failing = true
        options.failed?.(error)
      }
      if (stopped) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause)
        wakeRetry = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  function recordRefusals(): void {
    if (refused === 0 || stopped) return
    const unmapped = { refused_requests: refused, refused_since: new Date(refusedSince).toISOString() }
    refused = 0
    take({
      decided_at: new Date(now()).toISOString(),
      outcome: 'error_closed',
      reasons: ['log_unreachable'],
      subject: { type: 'service', id: pep.id },
      action: { name: 'record' },
      resource: { type: 'event_log', id: accessDecisions.name },
      unmapped,
    })
  }

  return {
    boot_id: chain.boot_id,
    get waiting() {
      return queue.length
    },
    durableHead: () => durable,
    lastTaken: () => nextSeq - 1,
    refusing,
    record(draft, { breakGlass = false } = {}) {
      const room = breakGlass && !stopped && queue.length < options.queue + BREAK_GLASS_ROOM
      if (refusing() !== null && !room) {
        if (refused === 0) refusedSince = now()
        refused += 1
        return null
      }
      return take(draft)
    },
    async stop(timeout_ms = 5000) {
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, timeout_ms).unref())
      const settled = running
      stopped = failing
      wakeRetry?.()
      await Promise.race([settled, deadline])
      stopped = true
      wakeRetry?.()
    },
  }
}
