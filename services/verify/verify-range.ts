import type { Decision } from '../../schemas/decision.ts'
import { ReportWriter } from './report.ts'
import { checkSlice, NOTHING } from './rows/check-slice.ts'
import type { Doubt } from './rows/check-stretch.ts'
import { explainDoubt } from './rows/explain-doubt.ts'
import { fillHoles, type HoleOptions } from './rows/fill-holes.ts'
import type { RowReader } from './rows/read-rows.ts'
import { slicesOf, withoutShadows } from './rows/slices.ts'
import { placeName, type Sought } from './rows/originals.ts'
import { compareStretches, type Stretch } from './rows/stretch.ts'

export interface RangeOptions extends HoleOptions {
  /** Event time, both ends included. */
  readonly from: string
  readonly to: string
  /** All stretches with a decision in the range. */
  readonly stretches: readonly Stretch[]
  readonly slice_rows: number
  readonly progress?: (done: number, all: number) => void
  readonly signal?: AbortSignal
}

/** Doubts of a slice that the log is asked about. */
const MOST_DOUBTS = 50

/**
 * Checks a range: every stretch with a decision in it, whole, and every decision
 * in it that no stretch holds. A slice at a time, so that memory is bounded
 * whatever the range.
 */
export async function verifyRange(options: RangeOptions): Promise<ReportWriter> {
  const { only_pep } = options
  const wanted = withoutShadows(options.stretches).filter(
    ({ pep_id }) => only_pep === undefined || pep_id === only_pep,
  )
  const known: Stretch[] = []
  for (const one of wanted) known.push(one.derived ? await timed(one, options.reader) : one)
  known.sort(compareStretches)
  const all = known.reduce((sum, { seq_from, seq_to }) => sum + seq_to - seq_from + 1, 0)
  const report = new ReportWriter()
  for (const slice of slicesOf(options, known, options.slice_rows)) {
    options.signal?.throwIfAborted()
    const first = await checkSlice(slice, known, NOTHING, options)
    const checked = first.holes.length === 0 ? first : await fillHoles(slice, known, first, options)
    report.add(checked.report)
    await tellDoubts(checked.doubts, report, options)
    options.progress?.(Math.min(all, report.decisions), all)
  }
  report.checkpoints += known.length
  return report
}

/** A stretch that its neighbours pin knows its times only about; the store knows them. */
async function timed(stretch: Stretch, reader: RowReader): Promise<Stretch> {
  const times = await reader.times(stretch)
  if (times === null) return stretch
  const { decided_from, decided_to } = stretch
  return {
    ...stretch,
    decided_from: times.from < decided_from ? times.from : decided_from,
    decided_to: times.to > decided_to ? times.to : decided_to,
  }
}

async function tellDoubts(
  doubts: readonly Doubt[],
  report: ReportWriter,
  { originals }: RangeOptions,
): Promise<void> {
  if (doubts.length === 0) return
  const found = await originals(doubts.slice(0, MOST_DOUBTS).map(numbersOf))
  for (const doubt of doubts) {
    const { stretch, seq_from, seq_to } = numbersOf(doubt)
    const mine = new Map<number, Decision>()
    for (let seq = seq_from; seq <= seq_to; seq++) {
      const original = found.get(placeName(stretch, seq))
      if (original) mine.set(seq, original)
    }
    const problems = explainDoubt(doubt, mine)
    for (const problem of problems ?? []) report.problem(problem)
    if (problems !== null) continue
    const { pep_id, boot_id, decided_from, decided_to } = stretch
    report.unsure({
      reason: 'beside_gap',
      pep_id,
      boot_id,
      seq_from,
      seq_to,
      decisions: doubt.rows,
      after: decided_from,
      before: decided_to,
    })
  }
}

function numbersOf({ stretch, segment: { seq_from, seq_to } }: Doubt): Sought {
  return { stretch, seq_from, seq_to }
}
