import type { CheckpointBook } from './checkpoints/book.ts'
import { ReportWriter } from './report.ts'
import type { Decision } from '../../schemas/decision.ts'
import type { Loss } from '../../schemas/loss.ts'
import { StretchCheck, type Doubt, type Hole } from './rows/check-stretch.ts'
import { explainDoubt } from './rows/explain-doubt.ts'
import type { Link } from './rows/link.ts'
import { holds, type RowGroup, type RowReader } from './rows/read-rows.ts'
import { slicesOf, stretchAt, withoutShadows, type Slice } from './rows/slices.ts'
import { compareStretches, type Stretch } from './rows/stretch.ts'

export interface RangeOptions {
  /** Event time, both ends included. */
  readonly from: string
  readonly to: string
  /** All stretches with a decision in the range. */
  readonly stretches: readonly Stretch[]
  readonly book: CheckpointBook
  readonly reader: RowReader
  /** Resolves to whether everything that was in the log when the checkpoints were read is in the store by now. */
  readonly arrived: () => Promise<boolean>
  /** Decisions as the log still holds them, by `<pep>/<boot>/<seq>`. */
  readonly originals: (doubts: readonly Doubt[]) => Promise<ReadonlyMap<string, Decision>>
  /** Of what was signed before this, rows are removed by right: the store keeps them no longer. */
  readonly expired_before: string
  /** A decision after this may be of a boot whose first checkpoint is still on its way. */
  readonly settled_before: string
  readonly slice_rows: number
  readonly only_pep?: string | undefined
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

interface Checked {
  readonly report: ReportWriter
  readonly holes: readonly Hole[]
  readonly doubts: readonly Doubt[]
}

/** What else is known of numbers that lack. */
interface Elsewhere {
  /** Decisions that are no rows, because they were put aside as dead letters. */
  readonly letters: readonly Link[]
  /** Numbers that a record of the same chain says are lost. */
  readonly lost: Loss['missing']
}
const NOTHING: Elsewhere = { letters: [], lost: [] }

async function checkSlice(
  slice: Slice,
  known: readonly Stretch[],
  { letters, lost }: Elsewhere,
  options: RangeOptions,
): Promise<Checked> {
  const report = new ReportWriter()
  const checks = new Map<Stretch, StretchCheck>()
  for (const stretch of slice.stretches) checks.set(stretch, new StretchCheck(stretch, report, lost))
  const boots = new Map(slice.stretches.map((one) => [`${one.pep_id}\n${one.boot_id}`, one]))
  const { reader, only_pep } = options
  const range = {
    from: slice.from,
    to: slice.to,
    boots: [...boots.values()],
    boots_from: least(slice.stretches.map((one) => one.decided_from)) ?? slice.from,
    boots_to: most(slice.stretches.map((one) => one.decided_to)) ?? slice.to,
  }
  const waiting = [...letters].sort((a, b) => compareStretches(placeOf(a), placeOf(b)))
  for await (const group of reader.read(range)) {
    if (only_pep !== undefined && group.pep_id !== only_pep) continue
    while (waiting[0] && compareStretches(placeOf(waiting[0]), placeOf(group)) <= 0) {
      const letter = waiting.shift()
      if (letter) takeGroup({ ...placeOf(letter), seq: letter.seq, links: [letter], unchained: [] })
    }
    takeGroup(group)
  }
  for (const letter of waiting)
    takeGroup({ ...placeOf(letter), seq: letter.seq, links: [letter], unchained: [] })

  function takeGroup(group: RowGroup): void {
    const stretch = stretchAt(known, group)
    const check = stretch && checks.get(stretch)
    for (const { id, decided_at } of group.unchained) {
      if (decided_at < slice.from || decided_at > slice.to) continue
      report.decisions += 1
      tellUnreadable(group, id, decided_at, report)
    }
    if (check) {
      report.decisions += group.links.length > 0 ? 1 : 0
      check.take(group.links)
    } else if (stretch === undefined) {
      for (const link of group.links) {
        const { decided_at } = link.decision
        if (decided_at >= slice.from && decided_at <= slice.to) takeStray(link, report, options)
      }
    }
  }

  const holes: Hole[] = []
  const doubts: Doubt[] = []
  for (const check of checks.values()) {
    check.finish()
    holes.push(...check.holes)
    doubts.push(...check.doubts)
  }
  return { report, holes, doubts }
}

async function tellDoubts(
  doubts: readonly Doubt[],
  report: ReportWriter,
  { originals }: RangeOptions,
): Promise<void> {
  if (doubts.length === 0) return
  const found = await originals(doubts.slice(0, MOST_DOUBTS))
  for (const doubt of doubts) {
    const { pep_id, boot_id } = doubt.stretch
    const mine = new Map<number, Decision>()
    for (const { seq } of doubt.links) {
      const original = found.get(`${pep_id}/${boot_id}/${seq}`)
      if (original) mine.set(seq, original)
    }
    for (const problem of explainDoubt(doubt, mine)) report.problem(problem)
  }
}

/** A decision that no stretch holds at its time. */
function takeStray(link: Link, report: ReportWriter, { book, settled_before }: RangeOptions): void {
  const { decision, pep_id, boot_id, seq } = link
  const { decided_at } = decision
  report.decisions += 1
  const place = { pep_id, boot_id, seq_from: seq, seq_to: seq, after: decided_at, before: decided_at }
  const tell = (kind: 'inserted' | 'altered', detail: string) =>
    report.problem({ kind, ...place, decision_id: decision.id, detail })
  const boot = book.boot(pep_id, boot_id)
  if (link.wrong !== null) tell('altered', link.wrong)
  else if (boot === null) {
    if (decided_at >= settled_before) report.unsure({ reason: 'too_new', ...place, decisions: 1 })
    else tell('inserted', 'no signed checkpoint knows this boot')
  } else if (seq <= boot.covered_to)
    tell('inserted', 'the decision that the chain holds under its number is of another time')
  else if (boot.ended_at !== null && seq > boot.ended_at && decided_at < settled_before)
    tell('inserted', `the boot ended with number ${boot.ended_at}`)
  else report.unsure({ reason: 'not_covered', ...place, decisions: 1 })
}

function tellUnreadable(group: RowGroup, id: string, at: string, report: ReportWriter): void {
  const numbered = group.seq >= 0
  report.problem({
    kind: numbered ? 'altered' : 'inserted',
    pep_id: group.pep_id,
    boot_id: group.boot_id,
    seq_from: numbered ? group.seq : null,
    seq_to: numbered ? group.seq : null,
    decision_id: id,
    after: at,
    before: at,
    detail: numbered
      ? 'its columns can not be read as a decision'
      : 'it is in no chain: every enforcement point and every import numbers and chains what it records',
  })
}

/**
 * What became of numbers that lack: a dead letter holds them, they are on their
 * way, they stand at another time, they were kept long enough, or they are
 * missing. Looks again where that can change the answer.
 */
async function fillHoles(
  slice: Slice,
  known: readonly Stretch[],
  first: Checked,
  options: RangeOptions,
): Promise<Checked> {
  const { reader } = options
  const since = least(slice.stretches.map(({ decided_from }) => decided_from)) ?? slice.from
  const letters = await reader.dead(first.holes.map(numbersOf), since)
  const peps = [...new Set(first.holes.map(({ stretch }) => stretch.pep_id))]
  const lost = (await reader.losses(peps, since)).flatMap(({ loss }) => loss?.missing ?? [])
  const arrived = await options.arrived()
  const checked = await checkSlice(slice, known, { letters, lost }, options)
  const { report, holes } = checked
  if (holes.length === 0) return checked
  const elsewhere = await reader.find(holes.map(numbersOf))
  for (const hole of holes) {
    const found = elsewhere.filter((link) => holds(numbersOf(hole), link))
    for (const { seq, decision } of found) {
      report.problem({
        kind: 'altered',
        ...placeOfHole(hole, seq, seq),
        decision_id: decision.id,
        detail: `decided_at was altered: it says ${decision.decided_at}`,
      })
    }
    for (const [seq_from, seq_to] of gapsBetween(
      hole,
      found.map(({ seq }) => seq),
    )) {
      const place = placeOfHole(hole, seq_from, seq_to)
      const decisions = seq_to - seq_from + 1
      if (hole.stretch.signed_at < options.expired_before)
        report.unsure({ reason: 'expired', ...place, decisions })
      else if (!arrived) report.unsure({ reason: 'on_the_way', ...place, decisions })
      else
        report.problem({
          kind: 'missing',
          ...place,
          decision_id: null,
          detail: missingDetail(hole, seq_from, seq_to),
        })
    }
  }
  return checked
}

function missingDetail({ stretch }: Hole, from: number, to: number): string {
  if (from === stretch.seq_from && to === stretch.seq_to) return 'a signed checkpoint says that they exist'
  return to === stretch.seq_to ? 'the end of a signed stretch is cut off' : 'there are decisions after them'
}

function gapsBetween({ seq_from, seq_to }: Hole, found: readonly number[]): [from: number, to: number][] {
  const gaps: [number, number][] = []
  let from = seq_from
  for (const seq of [...new Set(found)].sort((a, b) => a - b)) {
    if (seq > from) gaps.push([from, seq - 1])
    from = seq + 1
  }
  if (from <= seq_to) gaps.push([from, seq_to])
  return gaps
}

function placeOfHole({ stretch, after, before }: Hole, seq_from: number, seq_to: number) {
  return { pep_id: stretch.pep_id, boot_id: stretch.boot_id, seq_from, seq_to, after, before }
}

function numbersOf({ stretch: { pep_id, boot_id }, seq_from, seq_to }: Hole) {
  return { pep_id, boot_id, seq_from, seq_to }
}

function placeOf({ pep_id, boot_id, seq }: { pep_id: string; boot_id: string; seq: number }) {
  return { pep_id, boot_id, seq_from: seq }
}

function least(instants: readonly string[]): string | null {
  return instants.reduce<string | null>((a, b) => (a === null || b < a ? b : a), null)
}

function most(instants: readonly string[]): string | null {
  return instants.reduce<string | null>((a, b) => (a === null || b > a ? b : a), null)
}
