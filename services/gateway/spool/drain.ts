import type { Logger } from 'pino'
import type { Loss } from '../../../schemas/loss.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { Waker } from '../../runtime/waker.ts'
import { within } from '../../runtime/within.ts'
import type { ChainHead, ChainLink } from '../record/chain.ts'
import type { ReadBack } from '../record/logged-ids.ts'
import { idOf, linkOfRecord } from './link-of.ts'
import type { SpoolRecord } from './records.ts'
import { GIVE_UP_MS, ship, toOutRecord } from './shipping.ts'
import type { Shipped } from './shipping.ts'
import type { Front, Spool } from './spool.ts'

/** Bound of one append. */
const MAX_RECORDS = 500
const RETRY_MIN_MS = 20
const RETRY_MAX_MS = 2000
/** Appends that were given up and have never answered; beyond these the log's client is only waited for. */
const MAX_SILENT = 8

export interface DrainOptions {
  readonly eventLog: EventLog
  readonly spool: Spool
  readonly logger: Logger
  /** A log that takes an append within this is well. */
  readonly after_ms: number
  /** An append that is silent for so long is given up: looked up in the log and, where it lacks, done again. */
  readonly give_up_ms?: number
  /** The newest link in the log, as far as is known; what is drained next follows it. */
  readonly loggedHead: () => ChainHead | null
  /** Whether the log was seen to hold it when the spool was opened: appended, and not yet released when the process died. */
  readonly already: (record: SpoolRecord) => boolean
  readonly readBack: ReadBack
  /** Told of what came into the log, and is no longer in the spool, in the order of the chain. */
  readonly logged: (links: readonly ChainLink[]) => void
  readonly failed: (error: unknown) => void
  /** Told of numbers that were spooled and can't be read any more; empty: which they were is not known. */
  readonly missing: (numbers: Loss['missing']) => void
}

/** Brings the spool's records into the log, in their order, one append at a time. */
export interface Drain {
  /** Begins unless it is under way. `unsettled`: the append of the oldest batch, whose answer is still out. */
  begin(unsettled: Promise<Shipped> | null): void
  readonly running: boolean
  /** The log took the last append, and quickly. */
  readonly healthy: boolean
  /** Resolves when nothing is left to drain, or when draining was stopped. */
  emptied(): Promise<void>
  stop(): Promise<void>
}

/**
 * The order that nothing may change: append, then release. A process that dies
 * between the two finds the records in the spool again; so before anything is
 * appended that may have been appended before, the log is read back for it, and
 * only what lacks is appended. What can still come twice is an append that was
 * given up, then repeated, and lands later all the same; its copies stand behind
 * the first ones, and readers pass them over by their ids.
 */
export function startDrain(options: DrainOptions): Drain {
  const { eventLog, spool, logger, after_ms, give_up_ms = GIVE_UP_MS } = options
  let running: Promise<void> | null = null
  let healthy = false
  const state = { stopped: false }
  let failing = false
  let silent = 0
  const waker = new Waker()
  /** The front may be in the log although nobody said so. */
  let unsure = false

  async function run(unsettled: Promise<Shipped> | null): Promise<void> {
    try {
      await untilEmpty(unsettled)
    } finally {
      running = null
    }
  }

  async function untilEmpty(unsettled: Promise<Shipped> | null): Promise<void> {
    let pause = RETRY_MIN_MS
    for (let sent = unsettled; !state.stopped; sent = null) {
      let done = false
      try {
        // What was sent already is one frame, and the answer counts for that one only.
        const front = await spool.front(sent === null ? MAX_RECORDS : 1)
        if (front === null) return
        done = sent === null ? await bring(front) : await settle(front, sent)
      } catch (error) {
        // The disk, or the log while it was read back. Nothing was released, so nothing is lost by trying again.
        took({ kind: 'failed', error })
      }
      if (done) pause = RETRY_MIN_MS
      else if (!state.stopped) {
        await waker.sleep(pause)
        pause = Math.min(pause * 2, RETRY_MAX_MS)
      }
    }
  }

  async function settle(front: Front, sent: Promise<Shipped>): Promise<boolean> {
    if (!took(await answer(sent))) return false
    await release(front)
    return true
  }

  async function bring(front: Front): Promise<boolean> {
    const absent = await absentOf(front.records)
    if (absent.length > 0 && !took(await answer(ship(eventLog, absent.map(toOutRecord))))) return false
    unsure = false
    await release(front)
    return true
  }

  async function absentOf(records: readonly SpoolRecord[]): Promise<readonly SpoolRecord[]> {
    const rest = records.filter((record) => !options.already(record))
    if (!unsure || rest.length === 0) return rest
    const there = await options.readBack.find(new Set(rest.map(idOf)))
    return rest.filter((record) => !there.has(idOf(record)))
  }

  async function answer(append: Promise<Shipped>): Promise<Shipped> {
    const outcome = await within(append, give_up_ms)
    if (outcome !== 'late') return outcome
    silent += 1
    void append.finally(() => {
      silent -= 1
    })
    if (silent > MAX_SILENT) await append
    return { kind: 'failed', error: new Error(`the log has not answered for ${give_up_ms} ms`) }
  }

  function took(outcome: Shipped): boolean {
    if (outcome.kind === 'ok') {
      if (failing) logger.warn({ waiting: spool.records }, 'the event log takes decisions again')
      failing = false
      healthy = outcome.ms < after_ms
      return true
    }
    if (!failing)
      logger.error(
        { err: outcome.error, waiting: spool.records },
        'the event log does not take decisions; they wait in the spool and go there when it does',
      )
    failing = true
    healthy = false
    unsure = true
    options.failed(outcome.error)
    return false
  }

  async function release(front: Front): Promise<void> {
    const [first] = front.records
    const numbers = first === undefined ? [] : numbersBetween(options.loggedHead(), linkOfRecord(first))
    // What the log had at the start was told of by the boot before; telling again would set the mark back.
    const links = front.records.filter((record) => !options.already(record)).map(linkOfRecord)
    await spool.release(front)
    options.readBack.settled()
    if (front.damaged || numbers.length > 0) options.missing(numbers)
    if (links.length > 0) options.logged(links)
  }

  return {
    begin(unsettled) {
      running ??= run(unsettled)
    },
    get running() {
      return running !== null
    },
    get healthy() {
      return healthy
    },
    emptied: () => running ?? Promise.resolve(),
    async stop() {
      state.stopped = true
      waker.wake()
      // What is under way may still be answered; what is not stays in the spool for the next start.
      if (running !== null) await within(running, 1000)
    },
  }
}

/** Numbers that lack between two links. Of another boot, those before the link; how far the boot before went, the link itself says. */
function numbersBetween(before: ChainHead | null, next: ChainHead): Loss['missing'] {
  if (before === null) return []
  const expected = before.boot_id === next.boot_id ? before.seq + 1 : 0
  if (next.seq <= expected) return []
  return [{ boot_id: next.boot_id, first_seq: expected, last_seq: next.seq - 1 }]
}
