import type { Loss } from '../../../schemas/loss.ts'
import type { CheckpointBook } from '../checkpoints/book.ts'
import { checkSlice, type Checked, type SliceOptions } from './check-slice.ts'
import type { Hole } from './check-stretch.ts'
import { linkOf, type Link } from './link.ts'
import { placeName, type FindOriginals } from './originals.ts'
import { holds } from './read-rows.ts'
import type { Slice } from './slices.ts'
import { compareStretches, type Stretch } from './stretch.ts'

export interface HoleOptions extends SliceOptions {
  /** Resolves to whether everything that was in the log when the checkpoints were read is in the store by now. */
  readonly arrived: () => Promise<boolean>
  readonly originals: FindOriginals
}

/** A gateway's clock may be ahead of the log's by this much. */
const SKEW_MS = 3_600_000

/** A dead letter is written while the log has the decision, which is signed once it is in the log: a week, and as much again. */
const LETTERS_MS = 14 * 86_400_000

/** Numbers of a slice that are looked for in the log. */
const MOST_SOUGHT = 5000

/**
 * What became of numbers that lack: a dead letter holds them, they are on their
 * way, they stand at another time, they were kept long enough, or they are
 * missing. What the log still has of them takes their place in the chain, so that
 * the rows beside them are decided. Looks again where that can change the answer.
 */
export async function fillHoles(
  slice: Slice,
  known: readonly Stretch[],
  first: Checked,
  options: HoleOptions,
): Promise<Checked> {
  const { reader, book } = options
  const begun = slice.stretches
    .map(({ decided_from }) => decided_from)
    .reduce((a, b) => (b < a ? b : a), slice.to)
  const since = new Date(Date.parse(begun) - SKEW_MS).toISOString()
  // First, for what is on its way to a dead letter is nowhere yet.
  const arrived = await options.arrived()
  const signed = first.holes.map(({ stretch }) => stretch.signed_at).reduce((a, b) => (b > a ? b : a), since)
  const until = new Date(Date.parse(signed) + LETTERS_MS).toISOString()
  const letters = await reader.dead(first.holes.map(numbersOf).sort(compareStretches), { since, until })
  const peps = [...new Set(first.holes.map(({ stretch }) => stretch.pep_id))]
  const losses = await reader.losses(peps, since)
  const [lost, unsigned] = [lostBy(losses.links, book, true), lostBy(losses.links, book, false)]
  const logged = arrived ? await linksInLog(first.holes, options) : []
  const checked = await checkSlice(slice, known, { letters: letters.links, logged, lost }, options)
  const { report, holes } = checked
  if (holes.length === 0) return checked
  const inLog = new Set(logged.map((link) => placeName(link, link.seq)))
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
      if (hole.stretch.recorded_from < options.expired_before)
        report.unsure({ reason: 'expired', ...place, decisions })
      else if (!arrived) report.unsure({ reason: 'on_the_way', ...place, decisions })
      else if (!letters.whole || !losses.whole) report.unsure({ reason: 'no_room', ...place, decisions })
      else if (
        unsigned.some(
          (loss) => loss.boot_id === place.boot_id && loss.first_seq <= seq_from && loss.last_seq >= seq_to,
        )
      )
        report.unsure({ reason: 'not_covered', ...place, decisions })
      else
        for (const run of runsOf(seq_from, seq_to, (seq) => inLog.has(placeName(hole.stretch, seq))))
          report.problem({
            kind: 'missing',
            ...placeOfHole(hole, run.from, run.to),
            decision_id: null,
            detail: run.is ? 'the log has what the store lacks' : missingDetail(hole, seq_from, seq_to),
          })
    }
  }
  return checked
}

/**
 * What records say to be lost. One that no checkpoint covers excuses nothing yet: anybody could have put it there, and
 * nothing would tell it from a true one.
 */
function lostBy(links: readonly Link[], book: CheckpointBook, covered: boolean): Loss['missing'] {
  return links
    .filter(({ pep_id, boot_id, seq }) => {
      const boot = book.boot(pep_id, boot_id)
      return (boot !== null && boot !== 'no_room' && seq <= boot.covered_to) === covered
    })
    .flatMap(({ loss }) => loss?.missing ?? [])
}

/** The log's decisions for numbers that lack, those of short gaps first: these have most rows beside them. */
async function linksInLog(
  holes: readonly Hole[],
  { originals, expired_before }: HoleOptions,
): Promise<Link[]> {
  const kept = holes
    .filter(({ stretch }) => stretch.recorded_from >= expired_before)
    .sort((a, b) => a.seq_to - a.seq_from - (b.seq_to - b.seq_from))
  let room = MOST_SOUGHT
  const sought = kept.filter(({ seq_from, seq_to }) => (room -= seq_to - seq_from + 1) >= 0)
  const found = await originals(sought)
  return [...found.values()].flatMap((decision) => {
    const link = linkOf(decision)
    return link === null ? [] : [{ ...link, logged: true }]
  })
}

/** Numbers cut where an answer changes. */
function runsOf(from: number, to: number, asked: (seq: number) => boolean) {
  const runs: { from: number; to: number; is: boolean }[] = []
  for (let seq = from; seq <= to; seq++) {
    const is = asked(seq)
    const last = runs.at(-1)
    if (last?.is === is) last.to = seq
    else runs.push({ from: seq, to: seq, is })
  }
  return runs
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
