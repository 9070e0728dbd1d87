import type { ClickHouseClient } from '@clickhouse/client'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { noteArrival } from './arrival.ts'
import { CHECKPOINTS_KEPT_MS, CheckpointBook } from './checkpoints/book.ts'
import { loadCheckpoints } from './checkpoints/load.ts'
import type { Trust } from './checkpoints/trust.ts'
import type { Expiry } from './expiry.ts'
import type { Report } from './report.ts'
import { findOriginals } from './rows/originals.ts'
import { rowReader } from './rows/read-rows.ts'
import type { Stretch } from './rows/stretch.ts'
import { verifyRange } from './verify-range.ts'

const MINUTE_MS = 60_000
/** Checkpoints of one run: about 100 MB. */
const MOST_STRETCHES = 300_000
/** A boot's first checkpoint may come this much after its first decision, when the log is away. */
const SETTLE_MS = 15 * MINUTE_MS

export interface VerifyOptions {
  readonly eventLog: EventLog
  readonly client: ClickHouseClient
  readonly trust: Trust
  readonly checkpoint_paths: readonly string[]
  /** Event time, ms; null: from a day before the end, up to where checkpoints reach. */
  readonly from_ms: number | null
  readonly to_ms: number | null
  readonly pep: string | undefined
  readonly expiry: Expiry
  readonly slice_rows: number
  /** How long to wait for what the log holds to be stored. */
  readonly patience_ms: number
  readonly now_ms: number
  /** Stretches that a run holds. Default 300,000. */
  readonly most_stretches?: number | undefined
  readonly progress?: (done: number, all: number) => void
  readonly signal?: AbortSignal
}

/**
 * Proves or refutes a range of event time once.
 *
 * @throws GatewatchError `ERR_RANGE_TOO_LARGE` for a range with more than `most_stretches`
 */
export async function runVerify(options: VerifyOptions): Promise<Report> {
  const { eventLog, now_ms, pep, most_stretches = MOST_STRETCHES } = options
  const began = performance.now()
  const book = new CheckpointBook(new Date(now_ms - CHECKPOINTS_KEPT_MS).toISOString())
  const from = options.from_ms ?? (options.to_ms ?? now_ms) - 86_400_000
  const range = { from: new Date(from).toISOString(), to: new Date(options.to_ms ?? now_ms).toISOString() }
  const stretches: Stretch[] = []
  let covered = ''
  await loadCheckpoints({
    eventLog,
    paths: options.checkpoint_paths,
    cursor: new Map(),
    book,
    trust: options.trust,
    pinned(stretch) {
      const { decided_from, decided_to } = stretch
      if (pep !== undefined && stretch.pep_id !== pep) return
      if (decided_to > covered) covered = decided_to
      if (decided_to < range.from || decided_from > range.to) return
      if (stretches.length === most_stretches) throw tooMany(most_stretches)
      stretches.push(stretch)
    },
  })
  const arrived = await noteArrival(eventLog, options.patience_ms)
  // Without an end of its own a run goes as far as signatures go: beyond it nothing could be proven.
  if (options.to_ms === null && covered !== '' && covered < range.to) range.to = covered
  if (range.to < range.from) range.from = range.to
  const report = await verifyRange({
    ...range,
    stretches,
    book,
    reader: rowReader(options.client),
    arrived,
    originals: (sought) => findOriginals(eventLog, sought),
    expired_before: options.expiry.before(now_ms),
    settled_before: new Date(now_ms - SETTLE_MS).toISOString(),
    slice_rows: options.slice_rows,
    only_pep: pep,
    ...(options.progress ? { progress: options.progress } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  })
  for (const problem of book.problems) if (concerns(problem, range, pep)) report.problem(problem)
  for (const one of book.aside.undecided) if (concerns(one, range, pep)) report.unsure(one)
  const elapsed_ms = Math.round(performance.now() - began)
  return report.finish({ ...range, elapsed_ms, signed: covered !== '' })
}

/** A checkpoint that lacks or lies concerns every range that it could have pinned. */
function concerns(
  problem: { readonly pep_id: string; readonly before: string | null },
  range: { readonly from: string },
  pep: string | undefined,
): boolean {
  return (pep === undefined || problem.pep_id === pep) && (problem.before ?? range.from) >= range.from
}

/** Whether a run was refused because its range holds too much: a shorter one may do. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof GatewatchError && error.code === 'ERR_RANGE_TOO_LARGE'
}

function tooMany(most: number): GatewatchError {
  return new GatewatchError(
    'ERR_RANGE_TOO_LARGE',
    `The range holds more than ${most} checkpoints; verify a shorter one with --from and --to, or one enforcement point with --pep.`,
  )
}
