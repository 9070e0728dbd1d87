import type { ClickHouseClient } from '@clickhouse/client'
import type { EventLog } from '../runtime/log/event-log.ts'
import { noteArrival } from './arrival.ts'
import { CHECKPOINTS_KEPT_MS, CheckpointBook } from './checkpoints/book.ts'
import { loadCheckpoints } from './checkpoints/load.ts'
import type { Trust } from './checkpoints/trust.ts'
import type { Expiry } from './expiry.ts'
import { ReportWriter, type Report } from './report.ts'
import { findOriginals } from './rows/originals.ts'
import { rowReader } from './rows/read-rows.ts'
import { compareStretches, type Stretch } from './rows/stretch.ts'
import { verifyRange } from './verify-range.ts'

/** Room is made for so many at once: each time all that wait are put in order. */
const ROOM = 1.25

export interface FreshOptions {
  readonly eventLog: EventLog
  readonly client: ClickHouseClient
  readonly trust: Trust
  readonly checkpoint_paths: readonly string[]
  readonly expiry: Expiry
  readonly settle_ms: number
  readonly slice_rows: number
  readonly patience_ms: number
  /** Stretches that wait to be verified, the newest; older ones are told as not verified, and left to the round. Default 100,000. */
  readonly most_pending?: number
}

/** Verifies what is new, once, and keeps what it knows of checkpoints from one look to the next. */
export interface Fresh {
  /** Looks at what was decided since the last look, up to a while ago. Null: there is nothing yet. */
  look(nowMs: number, signal: AbortSignal): Promise<Report | null>
  readonly verified_to: string | null
  /** The earliest decision that a checkpoint tells of. */
  readonly oldest: string | null
}

export function openFresh(options: FreshOptions, verifiedTo: string | null, nowMs: number): Fresh {
  const { eventLog, settle_ms, most_pending = 100_000 } = options
  const reader = rowReader(options.client)
  const book = new CheckpointBook(new Date(nowMs - CHECKPOINTS_KEPT_MS).toISOString())
  const cursor = new Map<number, number>()
  let pending: Stretch[] = []
  let verified = verifiedTo
  let loaded = false
  let oldest: string | null = null
  let told = 0
  /** Up to when some were put aside: what no stretch holds can't be told before that. */
  let aside_to = ''

  function makeRoom(): void {
    pending.sort((a, b) => (a.decided_to < b.decided_to ? -1 : 1))
    const least = pending.splice(0, pending.length - most_pending)
    aside_to = least.reduce((most, { decided_to }) => (decided_to > most ? decided_to : most), aside_to)
    for (const { pep_id, boot_id, seq_from, seq_to, decided_from, decided_to } of least.sort(
      compareStretches,
    ))
      book.aside.unsure({
        reason: 'no_room',
        pep_id,
        boot_id,
        seq_from,
        seq_to,
        decisions: seq_to - seq_from + 1,
        after: decided_from,
        before: decided_to,
      })
  }

  return {
    get verified_to() {
      return verified
    },
    get oldest() {
      return oldest
    },
    async look(now, signal) {
      const began = performance.now()
      await loadCheckpoints({
        eventLog,
        paths: loaded ? [] : options.checkpoint_paths,
        cursor,
        book,
        trust: options.trust,
        pinned(stretch) {
          if (oldest === null || stretch.decided_from < oldest) oldest = stretch.decided_from
          // Before the first look, what was verified in an earlier life is left to the round.
          const old = !loaded && verified !== null && stretch.decided_to <= verified
          if (!old) pending.push(stretch)
          if (pending.length > most_pending * ROOM) makeRoom()
        },
      })
      loaded = true
      const arrived = await noteArrival(eventLog, options.patience_ms)
      const to = new Date(now - settle_ms).toISOString()
      const due = pending.filter(({ decided_to }) => decided_to <= to)
      // What no stretch holds is looked for after the last look only: before it, stretches that were verified
      // are known no more, and all that they hold would seem to be inserted. Due ones are read whole all the same.
      const since =
        verified === null
          ? due.reduce((least, { decided_from }) => (decided_from < least ? decided_from : least), to)
          : justAfter(verified)
      const from = since > aside_to ? since : justAfter(aside_to)
      if (from >= to) return null
      const writer = await verifyRange({
        from,
        to,
        stretches: pending.filter(({ decided_from }) => decided_from <= to),
        book,
        reader,
        arrived,
        originals: (sought) => findOriginals(eventLog, sought),
        expired_before: options.expiry.before(now),
        settled_before: to,
        slice_rows: options.slice_rows,
        signal,
      })
      for (const problem of book.problems.slice(told)) writer.problem(problem)
      told = book.problems.length
      writer.add(book.aside)
      book.aside = new ReportWriter()
      const waiting = writer.undecided.filter(({ reason }) => reason === 'on_the_way')
      pending = pending.filter(
        (stretch) =>
          stretch.decided_to > to ||
          waiting.some(
            (one) =>
              one.pep_id === stretch.pep_id &&
              one.boot_id === stretch.boot_id &&
              one.seq_from <= stretch.seq_to &&
              one.seq_to >= stretch.seq_from,
          ),
      )
      verified = to
      return writer.finish({
        from,
        to,
        elapsed_ms: Math.round(performance.now() - began),
        signed: oldest !== null,
      })
    },
  }
}

function justAfter(instant: string): string {
  return new Date(Date.parse(instant) + 1).toISOString()
}
