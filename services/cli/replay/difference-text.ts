import type { Finding } from '../../../schemas/finding.ts'
import type { Comparison } from '../../scoring/compare-replay.ts'
import type { Differing } from '../../scoring/replay/candidate-facts.ts'
import type { ChangedFinding } from '../../scoring/replay/finding-differences.ts'
import { table } from '../table.ts'

/** Differences of a kind that are listed one by one. */
const LISTED = 20
const SUMMARY = 110
const ABOUT = 40

type Plain = (text: string, max: number) => string

/** What would be gone, new and otherwise, for a person; then how many by detector. */
export function differenceText({ findings, detectors }: Comparison, plain: Plain): string {
  const { gone, fresh, changed } = findings
  const rows = Object.entries(detectors).map(([id, { logged, replayed, both }]) => [
    id,
    ...[logged, replayed, replayed - both, logged - both].map(String),
  ])
  return [
    listed('Gone', gone, (finding) => cellsOf(finding, plain)),
    listed('New', fresh, (finding) => cellsOf(finding, plain)),
    listed('Changed', changed, (each) => changeOf(each, plain)),
    rows.length === 0 ? '' : table(['detector', 'then', 'now', 'only now', 'only then'], rows),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** Which facts the candidate gives otherwise. */
export function factsText({ decisions, network, lists, sensitivity, client }: Differing): string {
  if (decisions === 0) return 'Facts: as they were looked up then.\n'
  const parts = [
    [network, 'in the network'],
    [lists, 'in the lists of known-bad addresses'],
    [sensitivity, 'in how sensitive the resource is'],
    [client, 'in the client'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${counted(count)} ${what}`)
  return `Facts: looked up again, and otherwise than then for ${counted(decisions)} decisions: ${told.join(', ')}.\n`
}

/** Columns, but for the last cell of a row as wide as their widest. */
function listed<T>(title: string, all: readonly T[], cells: (one: T) => readonly string[]): string {
  if (all.length === 0) return ''
  const more = all.length > LISTED ? `  and ${counted(all.length - LISTED)} more; --json has all\n` : ''
  const rows = all.slice(0, LISTED).map(cells)
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  return `${title}: ${counted(all.length)}\n${lines.join('\n')}\n${more}`
}

/** What outsiders may have written (a user name) must not steer the terminal. */
function cellsOf(
  { first_observed_at, risk_level, detector, entity, summary }: Finding,
  plain: Plain,
): readonly string[] {
  const about = plain(`${entity.type} ${entity.id}`, ABOUT)
  return [minuteOf(first_observed_at), risk_level, detector.id, about, plain(summary, SUMMARY)]
}

function changeOf({ before, after }: ChangedFinding, plain: Plain): readonly string[] {
  const [then, now] = [before.evidence_nats.toFixed(1), after.evidence_nats.toFixed(1)]
  return [
    minuteOf(after.first_observed_at),
    fromTo(before.risk_level, after.risk_level),
    fromTo(before.detector.id, after.detector.id),
    plain(`${after.entity.type} ${after.entity.id}`, ABOUT),
    then === now ? '' : `evidence ${fromTo(then, now)}`,
  ]
}

function fromTo(then: string, now: string): string {
  return then === now ? now : `${then} to ${now}`
}

function minuteOf(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}`
}

function counted(count: number): string {
  return count.toLocaleString('en')
}
