import type { Finding } from '../../schemas/finding.ts'
import type { ImportRequest, ImportResult } from './run-import.ts'

/** What came of an import beyond the log. */
export interface ImportOutcome {
  /** Findings of the tenant since the import began; null when scoring did not get through in time. */
  readonly findings: readonly Finding[] | null
  /** Groups that have not handled everything yet. */
  readonly behind: readonly string[]
  /** Where the console is, without a slash at the end. */
  readonly console_url: string
}

const SKIPPED: ReadonlyMap<string, string> = new Map([
  ['blank', 'blank'],
  ['other_program', 'of other programs or kinds'],
  ['no_decision', 'no decision (ends of sessions, changes, what others repeat)'],
  ['same_attempt', 'about an attempt that another line told of'],
])

/** The closing summary, for people: figures first, then what to look at, then what was odd. */
export function importReport(request: ImportRequest, result: ImportResult, outcome: ImportOutcome): string {
  const { summary } = result
  const what = result.framing === 'lines' ? 'lines' : 'records'
  const seconds = result.elapsed_ms / 1000
  const lines = [
    `${plain(result.source.name)} (${request.format}) into tenant ${request.tenant}${request.live ? ', live' : ''}`,
    row(
      `${what} read`,
      count(summary.records),
      `in ${seconds.toFixed(1)} s, ${count(rate(summary.records, seconds))} a second`,
    ),
    row(
      'decisions',
      count(summary.decisions),
      `${count(summary.permitted)} permitted, ${count(summary.refused)} refused`,
    ),
  ]
  if (summary.known > 0) lines.push(row('imported before', count(summary.known), 'left as they are'))
  for (const [reason, number] of Object.entries(summary.skipped)) {
    lines.push(row('skipped', count(number), SKIPPED.get(reason) ?? reason))
  }
  for (const [reason, number] of Object.entries(summary.dead_letters)) {
    lines.push(row('dead letters', count(number), reason))
  }
  lines.push(...findingRows(outcome))
  if (summary.from !== null && summary.to !== null) {
    lines.push(row('from', summary.from, `to ${summary.to}`))
    const range = new URLSearchParams({ tenant: request.tenant, from: summary.from, to: summary.to })
    lines.push(row('decisions at', `${outcome.console_url}/#/search?${range}`, ''))
    lines.push(
      row(
        'stories at',
        `${outcome.console_url}/#/stories?${new URLSearchParams({ tenant: request.tenant })}`,
        '',
      ),
    )
  }
  lines.push(...remarks(request, result, outcome))
  return `${lines.join('\n')}\n`
}

/** How many findings are told one by one; the console has them all. */
const TOLD = 5
const LEVELS = ['HIGH', 'MEDIUM', 'LOW'] as const

function findingRows({ findings }: ImportOutcome): string[] {
  if (findings === null) {
    return [row('new findings', '?', 'scoring is still behind; gatewatch findings shows them')]
  }
  const ofLevel = LEVELS.map((level) => findings.filter(({ risk_level }) => risk_level === level))
  const counts = LEVELS.map((level, nth) => `${count(ofLevel[nth]?.length ?? 0)} ${level}`).join(', ')
  const gravest = ofLevel.flatMap((some) => some.toSorted((a, b) => b.evidence_nats - a.evidence_nats))
  return [
    row('new findings', count(findings.length), counts),
    ...gravest
      .slice(0, TOLD)
      .map(({ risk_level, entity, summary, observed_at }) =>
        row('', `${risk_level} ${plain(entity.id)}: ${plain(summary)}`, observed_at),
      ),
  ]
}

/** What others wrote, without characters that move a terminal's cursor or colour it. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

function remarks(
  request: ImportRequest,
  { summary, source, framing, assumed_zone: zone, assumed_year: year }: ImportResult,
  { behind }: ImportOutcome,
): string[] {
  const said: string[] = []
  if (behind.length > 0) said.push(`Still behind, and going on when Gatewatch runs: ${behind.join(', ')}.`)
  if (year !== null) said.push(`The log has no year: ${year} was taken for its first line. --year sets it.`)
  if (zone && summary.decisions + summary.known > 0) {
    said.push(`Instants without a zone were read as ${request.timezone}. --timezone sets it.`)
  }
  if (source.encoding !== 'utf-8') said.push(`Read as ${source.encoding.toUpperCase()}.`)
  if (summary.latin1 > 0) said.push(`${count(summary.latin1)} were not UTF-8 and were read as Latin-1.`)
  if (summary.out_of_order > 0) {
    const how =
      framing === 'lines' ? 'and stayed so' : 'and were put in order as far as 10,000 at a time allow'
    said.push(`${count(summary.out_of_order)} decisions stand after later ones, ${how}.`)
  }
  if (summary.first_dead_letter !== null) {
    const { line, detail } = summary.first_dead_letter
    said.push(`The first dead letter is line ${line}: ${plain(detail)}`)
  }
  return said
}

function row(name: string, value: string, remark: string): string {
  return `  ${name.padEnd(16)}${value}${remark === '' ? '' : `  ${remark}`}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function rate(number: number, seconds: number): number {
  return seconds > 0 ? Math.round(number / seconds) : 0
}
