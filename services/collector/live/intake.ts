import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import { startCheckpointer, type Checkpointer } from '../../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import type { EventLog, OutRecord, Table } from '../../runtime/log/event-log.ts'
import { within } from '../../runtime/within.ts'
import type { FormatName } from '../formats/format.ts'
import { openFormat } from '../formats/open.ts'
import { openImportChain } from '../import-chain.ts'
import { appendUntil } from './append-until.ts'
import type { SourceMetrics } from './metrics.ts'
import type { Offer, Taken } from './offer.ts'
import { openRecentIds } from './recent-ids.ts'
import { readState, stateRecord, type SourceState } from './state.ts'
import { translator } from './translate.ts'

/** Records of one append: large enough that the flush costs little, small enough for one transaction anywhere. */
const MAX_RECORDS = 1000
/** Bytes of raw records of one append. */
const MAX_BYTES = 1_048_576
/** How long a stop waits for a log that is away; what is then not appended was acknowledged to nobody. */
const STOP_WITHIN_MS = 3000

export interface IntakeOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly signer: CheckpointSigner
  /** The collector's own topic, read as a table. */
  readonly table: Table
  readonly metrics: SourceMetrics
  readonly tenant: string
  readonly source: string
  readonly format: FormatName
  readonly timezone: string
  readonly now: () => number
  /** Told when the intake can't go on; it takes nothing more, and another must be opened. */
  readonly broken: (error: unknown) => void
}

/** Where the records of one live source become decisions in the log. */
export interface Intake {
  /** What the log knew of the source when this was opened; null: nothing. */
  readonly before: SourceState | null
  /** When the newest record came, ms since the epoch; null: none ever did. */
  lastRecordMs(): number | null
  /**
   * Resolves when everything that follows from the offer is durable, its position
   * included. Offers are taken in their order, and small ones share an append; one
   * with a position goes in one append, so its source bounds it to 1,000 records.
   */
  take(offer: Offer): Promise<Taken>
  /** Shows the reader a record that was taken before a restart, for what it must know of it to read the next one. */
  recall(text: string): void
  /** How long the oldest offer that is not durable has been waiting, in ms; 0: none waits. */
  waitingMs(): number
  stop(): Promise<void>
}

/** An offer that waits; one without a position may need several appends. */
interface Waiting {
  readonly offer: Offer
  readonly since_ms: number
  next: number
  readonly counts: { decisions: number; known: number; skipped: number; dead_letters: number }
  readonly settle: { resolve(taken: Taken): void; reject(error: unknown): void }
}

/**
 * One append holds decisions, dead letters, the end of the chain, the ids that
 * can come again, and the position after them: all or none. So whoever is killed
 * when, the source goes on exactly behind what the log holds. An append that
 * fails is repeated with the very same records until it succeeds; meanwhile
 * nothing more is taken, and the source feels it.
 */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { eventLog, logger, metrics, table, tenant, source, format, now } = options
  await table.caughtUp()
  const before = readState(table, tenant, source)
  const chain = await openImportChain(eventLog, tenant, format, collectorPep(tenant, source))
  const recent = openRecentIds(table, tenant, source)
  const reader = openFormat(format, {
    year: null,
    get written_ms() {
      return now()
    },
    get now_ms() {
      return now()
    },
    timezone: options.timezone,
  })
  const translate = translator({ tenant, source, format, reader, chain, recent, now })
  const giveUp = new AbortController()
  const waiting: Waiting[] = []
  let inHand: Waiting[] = []
  let state: SourceState = {
    schema_version: 1,
    position: before?.position ?? null,
    at: new Date(now()).toISOString(),
    last_record_at: before?.last_record_at ?? null,
    last_event_at: before?.last_event_at ?? null,
  }
  let checkpointer: Checkpointer | null = null
  let running: Promise<void> | null = null
  let stopped = false

  /** Fills one append from the offers that wait; those that end in it are in hand from now on. */
  function fill(out: OutRecord[]): void {
    let records = 0
    let bytes = 0
    const isFull = (): boolean => records >= MAX_RECORDS || bytes >= MAX_BYTES
    for (let [first] = waiting; first !== undefined && !isFull(); [first] = waiting) {
      const { offer, counts } = first
      for (; first.next < offer.records.length; first.next += 1) {
        if (offer.position === null && isFull()) return
        const offered = offer.records[first.next]
        if (offered === undefined) continue
        records += 1
        bytes += offered.record.raw.length
        const { outcome, fresh, last_event_at } = translate(offered, out)
        counts[outcome] += 1
        metrics.fresh(fresh)
        if (last_event_at > (state.last_event_at ?? '')) state = { ...state, last_event_at }
      }
      if (counts.known < offer.records.length)
        state = { ...state, last_record_at: new Date(now()).toISOString() }
      if (offer.position !== null) state = { ...state, position: offer.position }
      inHand.push(first)
      waiting.shift()
    }
  }

  async function appendNext(): Promise<void> {
    const out: OutRecord[] = []
    fill(out)
    state = { ...state, at: new Date(now()).toISOString() }
    const links = chain.takeLinks()
    if (links.length > 0) {
      // A start without a decision has no boot, so that it leaves no trace in the chain.
      checkpointer ??= await startCheckpointer({
        eventLog,
        logger,
        signer: options.signer,
        tenant,
        pep_id: chain.pep_id,
        boot_id: chain.boot_id,
        previous_boot: chain.previous_boot,
        now,
      })
      out.push(...chain.head())
    }
    out.push(...recent.take(), stateRecord(tenant, source, state))
    await appendUntil(eventLog, out, { logger, failed: () => metrics.appendFailed(), signal: giveUp.signal })
    checkpointer?.logged(links)
    metrics.durable(state)
    for (const { counts, settle } of inHand.splice(0)) {
      metrics.taken(counts)
      settle.resolve(counts)
    }
  }

  async function run(): Promise<void> {
    try {
      while (waiting.length > 0) await appendNext()
    } catch (error) {
      // What was read of these is lost to this process; the log says where the next one goes on.
      const gaveUp = stopped
      stopped = true
      for (const { settle } of [...inHand.splice(0), ...waiting.splice(0)]) settle.reject(error)
      if (!gaveUp) options.broken(error)
    } finally {
      running = null
    }
  }

  metrics.durable(state)
  return {
    before,
    lastRecordMs: () => (state.last_record_at === null ? null : Date.parse(state.last_record_at)),
    take(offer) {
      if (stopped) return Promise.reject(new Error('the source is being stopped'))
      const { promise, resolve, reject } = Promise.withResolvers<Taken>()
      const counts = { decisions: 0, known: 0, skipped: 0, dead_letters: 0 }
      waiting.push({ offer, since_ms: now(), next: 0, counts, settle: { resolve, reject } })
      running ??= run()
      return promise
    },
    recall(text) {
      reader.read(text)
    },
    waitingMs() {
      const oldest = inHand[0] ?? waiting[0]
      return oldest === undefined ? 0 : Math.max(0, now() - oldest.since_ms)
    },
    async stop() {
      const wasWhole = !stopped
      stopped = true
      if (running !== null && (await within(running, STOP_WITHIN_MS)) === 'late') {
        giveUp.abort(new Error('the source is being stopped'))
        await running
      }
      await checkpointer?.stop(wasWhole && !giveUp.signal.aborted)
    },
  }
}

/** The enforcement point that a live source is. */
function collectorPep(tenant: string, source: string): string {
  return `collector:${source}:${hash('sha256', `${tenant}\0${source}`, 'hex').slice(0, 8)}`
}
