import type { Loss } from '../../../schemas/loss.ts'
import type { CheckpointBook } from '../checkpoints/book.ts'
import { ReportWriter } from '../report.ts'
import { StretchCheck, type Doubt, type Hole } from './check-stretch.ts'
import type { Link } from './link.ts'
import type { RowReader } from './read-rows.ts'
import type { RowGroup } from './row-groups.ts'
import { stretchAt, type Slice } from './slices.ts'
import { compareStretches, type Stretch } from './stretch.ts'

export interface SliceOptions {
  readonly book: CheckpointBook
  readonly reader: RowReader
  /** A decision after this may be of a boot whose first checkpoint is still on its way. */
  readonly settled_before: string
  /** Of what was recorded before this, rows may be removed by right: the store does not keep them, or did not once. */
  readonly expired_before: string
  readonly only_pep?: string | undefined
}

export interface Checked {
  readonly report: ReportWriter
  readonly holes: readonly Hole[]
  readonly doubts: readonly Doubt[]
}

/** What else is known of numbers that lack. */
export interface Elsewhere {
  /** Decisions that are no rows, because they were put aside as dead letters. */
  readonly letters: readonly Link[]
  /** What the log has of numbers that the store lacks. */
  readonly logged: readonly Link[]
  /** Numbers that a record of the same chain says are lost. */
  readonly lost: Loss['missing']
}
export const NOTHING: Elsewhere = { letters: [], logged: [], lost: [] }

/** Reads the rows of a slice once, and checks each of its stretches and each decision that no stretch holds. */
export async function checkSlice(
  slice: Slice,
  known: readonly Stretch[],
  { letters, logged, lost }: Elsewhere,
  options: SliceOptions,
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
  const waiting = inOrder([...letters, ...logged])
  let next = 0
  for await (const group of reader.read(range)) {
    if (only_pep !== undefined && group.pep_id !== only_pep) continue
    for (let link; (link = waiting[next]) && compareStretches(placeOf(link), placeOf(group)) <= 0; next++)
      if (group.links.length === 0 || compareStretches(placeOf(link), placeOf(group)) < 0) takeLink(link)
    takeGroup(group)
  }
  for (const link of waiting.slice(next)) takeLink(link)

  function takeLink(link: Link): void {
    takeGroup({ ...placeOf(link), seq: link.seq, links: [link], unchained: [] })
  }

  function takeGroup(group: RowGroup): void {
    const stretch = stretchAt(known, group)
    const check = stretch && checks.get(stretch)
    for (const { id, decided_at } of group.unchained) {
      if (decided_at < slice.from || decided_at > slice.to) continue
      report.decisions += 1
      tellUnreadable(group, id, decided_at, report)
    }
    if (check) {
      report.decisions += group.links.some((link) => !link.logged) ? 1 : 0
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

/** A decision that no stretch holds at its time. */
function takeStray(
  link: Link,
  report: ReportWriter,
  { book, settled_before, expired_before }: SliceOptions,
): void {
  const { decision, pep_id, boot_id, seq } = link
  const { decided_at } = decision
  report.decisions += 1
  const place = { pep_id, boot_id, seq_from: seq, seq_to: seq, after: decided_at, before: decided_at }
  const tell = (kind: 'inserted' | 'altered', detail: string) =>
    report.problem({ kind, ...place, decision_id: decision.id, detail })
  const boot = book.boot(pep_id, boot_id)
  if (link.wrong !== null) tell('altered', link.wrong)
  else if (boot === 'no_room') report.unsure({ reason: 'no_room', ...place, decisions: 1 })
  else if (boot === null) {
    if (decided_at >= settled_before) report.unsure({ reason: 'too_new', ...place, decisions: 1 })
    else if (decided_at < book.edge && expired_before < book.edge)
      report.unsure({ reason: 'no_checkpoint', ...place, decisions: 1 })
    else tell('inserted', 'no signed checkpoint knows this boot')
  } else if (seq < boot.covered_from) report.unsure({ reason: 'no_checkpoint', ...place, decisions: 1 })
  else if (seq <= boot.covered_to)
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

/** In the order of the store, one a number: of a dead letter and the log's copy, the letter. */
function inOrder(links: readonly Link[]): Link[] {
  return [...links]
    .sort((a, b) => compareStretches(placeOf(a), placeOf(b)) || Number(a.logged) - Number(b.logged))
    .filter((link, index, all) => {
      const before = all[index - 1]
      return before === undefined || compareStretches(placeOf(before), placeOf(link)) !== 0
    })
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
