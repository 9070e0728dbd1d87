import type { Decision } from '../../../schemas/decision.ts'
import type { Loss } from '../../../schemas/loss.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { within } from '../../runtime/within.ts'
import type { Delivery } from '../spool/delivery.ts'
import { beginChain, linkOf } from './chain.ts'
import type { ChainHead, NumberedDraft, PepIdentity } from './chain.ts'
import type { DecisionDraft } from './decision-draft.ts'
import { lossTally } from './loss-tally.ts'

/** Bounds of one group commit. */
const MAX_BATCH = 500
/** Room beyond the queue's bound that only break-glass decisions may use. */
const BREAK_GLASS_ROOM = 1000

interface Recorded {
  readonly id: string
  /** Resolves when the decision is on disk, in the log or the spool. Never rejects: it is tried again until `stop`. */
  readonly durable: Promise<void>
}

/** Writes every decision to the log: numbered, chained, in group commits. */
export interface Recorder {
  readonly boot_id: string
  /**
   * Takes a decision, or refuses it (null) because the queue or the spool is
   * full or the disk fails; then the request must be refused, unless `serving`
   * says otherwise. A break-glass decision still finds room. The number is given
   * here, so the order of calls is the order of the chain.
   */
  record(draft: DecisionDraft, options?: { readonly breakGlass?: boolean }): Recorded | null
  /** Number of the newest decision that was taken, durable or not; -1 before the first. */
  lastTaken(): number
  /** Why `record` would refuse now; null when it would not. */
  refusing(): Refusing | null
  /** What can't be recorded now is answered all the same, and counted: the spool is full and `when_full` is `serve`. */
  serving(): boolean
  /** There is room again: says in the chain what could not be recorded meanwhile. */
  relieved(): void
  /** Says in the chain that decisions which were on disk can't be read any more. */
  missing(numbers: Loss['missing']): void
  /** Waits up to `timeout_ms` for what was taken to be on disk; whether all of it is. */
  stop(timeout_ms?: number): Promise<boolean>
}

type Refusing = Exclude<Loss['cause'], 'spool_corrupt' | 'restored'>

export interface RecorderOptions {
  readonly delivery: Pick<Delivery, 'write' | 'trouble'>
  readonly pep: PepIdentity
  readonly previous: ChainHead | null
  readonly queue: number
  /** Whether requests are answered while the spool is full, without a record of them. */
  readonly serve_when_full: boolean
  readonly now: () => number
  /** Told after each group commit how long it took to be durable; not waited for by requests. */
  readonly flushed?: (duration_ms: number) => void
}

interface Waiting extends NumberedDraft {
  readonly resolve: () => void
}

/**
 * One group commit is under way at a time; what arrives meanwhile is the next
 * one, so that the flush is shared and the chain is delivered in order. When
 * neither log nor spool takes a commit, the same decisions are tried again, and
 * new ones are refused: a decision that can't be recorded must not be acted on.
 * What was refused, or served for all that, is itself recorded (`schemas/loss.ts`).
 */
export function startRecorder(options: RecorderOptions): Recorder {
  const { delivery, pep, now } = options
  const chain = beginChain(pep, options.previous)
  const losses = lossTally(pep.id, now)
  const queue: Waiting[] = []
  let nextSeq = 0
  let stopped = false
  let running: Promise<void> | null = null

  function take(draft: DecisionDraft): Recorded {
    const seq = nextSeq
    nextSeq += 1
    const id = `${chain.boot_id}-${seq}`
    const durable = new Promise<void>((resolve) => {
      queue.push({ seq, decision: { id, ...draft }, resolve })
    })
    running ??= drain()
    return { id, durable }
  }

  function refusing(): Refusing | null {
    if (stopped) return 'log_failing'
    return delivery.trouble() ?? (queue.length >= options.queue ? 'queue_full' : null)
  }

  function serving(): boolean {
    return options.serve_when_full && refusing() === 'spool_full'
  }

  async function drain(): Promise<void> {
    // Requests of the same turn of the event loop share the commit.
    await Promise.resolve()
    try {
      while (queue.length > 0) if (!(await commit())) return
    } finally {
      // At once, not in a later turn: who is told that a decision is durable may bring the next one right then.
      running = null
    }
  }

  async function commit(): Promise<boolean> {
    const batch = queue.slice(0, MAX_BATCH)
    // Linked once: a repeat after a failure writes the very same bytes.
    const decisions: Decision[] = batch.map((waiting) => chain.link(waiting))
    const records = decisions.map((decision) => jsonRecord(accessDecisions, decision))
    const started = performance.now()
    if (!(await delivery.write(records, decisions.map(linkOf)))) return false
    queue.splice(0, batch.length)
    for (const { resolve } of batch) resolve()
    options.flushed?.(performance.now() - started)
    relieved()
    return true
  }

  function relieved(): void {
    if (refusing() !== null) return
    const over = losses.end()
    if (over !== null) take(over)
  }

  return {
    boot_id: chain.boot_id,
    lastTaken: () => nextSeq - 1,
    refusing,
    serving,
    relieved,
    missing(numbers) {
      take(losses.corrupt(numbers))
    },
    record(draft, { breakGlass = false } = {}) {
      const cause = refusing()
      if (cause === null) return take(draft)
      if (breakGlass && !stopped && queue.length < options.queue + BREAK_GLASS_ROOM) return take(draft)
      const served = serving() || (breakGlass && draft.outcome === 'permit')
      const began = losses.count(cause, served)
      if (began !== null && !stopped) take(began)
      return null
    },
    async stop(timeout_ms = 5000) {
      if (running !== null) await within(running, timeout_ms)
      stopped = true
      return queue.length === 0
    },
  }
}
