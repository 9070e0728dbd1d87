import type { Logger } from 'pino'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { Waker } from '../../runtime/waker.ts'
import { within } from '../../runtime/within.ts'
import type { ChainLink } from '../record/chain.ts'
import type { ReadBack } from '../record/logged-ids.ts'
import type { Drain } from './drain.ts'
import { fillLevel } from './fill-level.ts'
import type { FillLevel } from './fill-level.ts'
import { idOf } from './link-of.ts'
import { toSpoolRecord } from './records.ts'
import type { SpoolRecord } from './records.ts'
import { GIVE_UP_MS, ship, toOutRecord } from './shipping.ts'
import type { Shipped } from './shipping.ts'
import type { Spool } from './spool.ts'

/** A spool of so few records is about to be empty: it is worth waiting a moment rather than adding to it. */
const NEARLY_EMPTY = 500
const RETRY_MIN_MS = 20
const RETRY_MAX_MS = 2000
/** Part of the bound that only what was taken already may use: decisions in the queue, break glass, the word that loss began. */
const RESERVE = 1 / 16
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export type Trouble = 'spool_full' | 'log_failing'

export interface DeliveryOptions {
  readonly eventLog: EventLog
  readonly spool: Spool
  readonly drain: Drain
  readonly logger: Logger
  readonly max_bytes: number
  /** How long the log may take before the spool is used. */
  readonly after_ms: number
  readonly readBack: ReadBack
  /** Told of what went straight into the log. */
  readonly logged: (links: readonly ChainLink[]) => void
  readonly spooled: (decisions: number) => void
  readonly failed: (error: unknown) => void
  readonly levelChanged: (level: FillLevel) => void
}

/** Makes decisions durable: in the log, or while it is away or slow, in the spool. */
export interface Delivery {
  /**
   * Resolves to true when the records are durable, in one or the other; to false
   * when it was stopped before. Called with one batch after the other, in the
   * order of the chain, and that is the order in which they come into the log.
   */
  write(records: readonly OutRecord[], links: readonly ChainLink[]): Promise<boolean>
  /** Why nothing more should be taken now; null when all is well. */
  trouble(): Trouble | null
  /** Everything that was written is in the log. */
  readonly allLogged: boolean
  readonly level: FillLevel
  /** Looks at the fill again; what was released shows here. */
  measure(): void
  stop(): Promise<void>
}

/**
 * An append gets `after_ms`. Then its batch goes to the spool, and all that
 * follow, so that nothing overtakes: the answer that is still out, and all that
 * is in the spool, is the drain's business. Once the drain has nearly caught up
 * with a log that is quick again, a batch waits up to `after_ms` for the rest,
 * and appends go straight to the log again. So a decision is durable after twice
 * `after_ms` and a flush at most, and after one flush while the log stays away.
 */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { eventLog, spool, drain, logger, after_ms } = options
  const usable = options.max_bytes * (1 - RESERVE)
  let stopped = false
  let level: FillLevel = 'calm'
  let fault: Trouble | null = null
  const waker = new Waker()

  async function write(records: readonly OutRecord[], links: readonly ChainLink[]): Promise<boolean> {
    let sent: Promise<Shipped> | null = null
    let sentAt = 0
    let unsure = false
    for (let pause = RETRY_MIN_MS; ; pause = Math.min(pause * 2, RETRY_MAX_MS)) {
      await nearlyEmptied()
      if (sent === null && isDrained()) {
        sent = unsure ? sendAgain(records.map(toSpoolRecord)) : ship(eventLog, records)
        sentAt = performance.now()
        unsure = true
      }
      if (sent !== null) {
        const outcome = await within(sent, after_ms)
        if (outcome !== 'late' && outcome.kind === 'ok') return wasLogged(links)
        if (outcome !== 'late') options.failed(outcome.error)
        if (outcome !== 'late' || performance.now() - sentAt > GIVE_UP_MS) sent = null
      }
      if (await intoSpool(records.map(toSpoolRecord))) {
        drain.begin(unsure ? (sent ?? FAILED) : null)
        return true
      }
      if (stopped) return false
      await waker.sleep(pause)
    }
  }

  /** Neither took the batch for good: what the log lacks of it is sent again. */
  async function sendAgain(records: readonly SpoolRecord[]): Promise<Shipped> {
    try {
      const there = await options.readBack.find(new Set(records.map(idOf)))
      return await ship(eventLog, records.filter((record) => !there.has(idOf(record))).map(toOutRecord))
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  /** Waits a moment for the last of the spool, when the log is well. */
  async function nearlyEmptied(): Promise<void> {
    if (drain.running && drain.healthy && spool.records <= NEARLY_EMPTY)
      await within(drain.emptied(), after_ms)
  }

  function isDrained(): boolean {
    return spool.empty && !drain.running
  }

  function wasLogged(links: readonly ChainLink[]): true {
    fault = null
    options.readBack.settled()
    options.logged(links)
    measure()
    return true
  }

  async function intoSpool(records: readonly SpoolRecord[]): Promise<boolean> {
    try {
      const taken = await spool.append(records)
      fault = taken ? null : 'spool_full'
      if (taken) options.spooled(records.length)
      measure()
      return taken
    } catch (error) {
      if (fault === null)
        logger.error({ err: error }, 'the spool can not be written; check the disk of the data directory')
      fault = isDiskFull(error) ? 'spool_full' : 'log_failing'
      measure()
      return false
    }
  }

  function measure(): void {
    const next = fillLevel(level, fault === 'spool_full' ? 1 : spool.bytes / usable)
    if (next === level) return
    level = next
    options.levelChanged(level)
  }

  return {
    write,
    measure,
    trouble: () => fault ?? (level === 'full' ? 'spool_full' : null),
    get allLogged() {
      return isDrained()
    },
    get level() {
      return level
    },
    async stop() {
      if (drain.running && drain.healthy) await within(drain.emptied(), 2000)
      stopped = true
      waker.wake()
      await drain.stop()
      await spool.close()
    },
  }
}

/** An append that is known to have failed, for a drain that must look first whether it did. */
const FAILED = Promise.resolve<Shipped>({ kind: 'failed', error: new Error('the append failed') })

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DISK_FULL.has(String(error.code))
}
