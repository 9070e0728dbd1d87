import type { Cell } from './cells.ts'
import type { Evaluation, Evenness, FalseFindings } from './evaluate.ts'
import type { AtBudget } from './precision.ts'
import type { Settled } from './settled.ts'

/** A table of the report: a head and rows of text. */
export interface Section {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The report's tables, and the sentences before them. */
export function report(evaluation: Evaluation): {
  readonly lines: readonly string[]
  readonly sections: readonly Section[]
} {
  const { attacks, cells, findings, budgets, false_findings } = evaluation
  const whole = (value: number) => value.toLocaleString('en')
  const days = Math.round(evaluation.days * 10) / 10
  return {
    lines: [
      `${whole(evaluation.decisions)} decisions of ${whole(evaluation.users)} users in ${days} days.`,
      `${attacks.found} of ${attacks.attacks} attacks found${attacks.share === null ? '' : ` (${percent(attacks.share)})`}, ${attacks.within_10_events} within ten of their decisions.`,
      `${whole(findings.total)} findings: ${whole(findings.true)} true, ${whole(findings.false)} false; ` +
        `${fixed(findings.a_day)} a day, ${fixed(findings.a_day_per_1000_users)} a day for 1,000 users, ${whole(findings.most_on_a_day)} on the busiest day.`,
      settledLine(evaluation.settled),
    ],
    sections: [
      {
        title: 'Attacks',
        head: ['scenario', 'difficulty', 'attacks', 'found', 'share', 'events', 'time', 'found by'],
        rows: [...cells, ...(cells.length > 1 ? [attacks] : [])].map(cellRow),
      },
      {
        title: 'Findings looked at a day, by evidence',
        head: ['a day', 'looked at', 'precision', 'attacks found', 'share'],
        rows: budgets.map(budgetRow),
      },
      {
        title: 'p-values of the last days, uniform where nothing happens (Kolmogorov-Smirnov)',
        head: ['detector', 'values', 'as many as', 'statistic', 'p'],
        rows: evaluation.evenness.map(evennessRow),
      },
      {
        title: 'False findings',
        head: ['detector', 'about', 'findings', 'a day'],
        rows: false_findings.map((each) => falseRow(each, evaluation.days)),
      },
    ].filter(({ rows }) => rows.length > 0),
  }
}

function settledLine({ warm_up_days, days, findings, budget_interval, ...rest }: Settled): string {
  if (rest.a_day === null || rest.a_day_per_1000_users === null) return 'No days after the warm-up.'
  const [least, most] = budget_interval
  return (
    `After ${warm_up_days} days of warm-up: ${findings} findings, ${rest.false} of them false; ${fixed(rest.a_day)} a day, ` +
    `${fixed(rest.a_day_per_1000_users)} a day for 1,000 users. A budget of ${rest.budget_a_day} a day allows ` +
    `${least} to ${most} in ${fixed(days)} days (99 % of Poisson): ${rest.budget_kept ? 'kept' : 'not kept'}.`
  )
}

function evennessRow({ detector, places, effective, statistic, p }: Evenness): string[] {
  return [
    detector,
    String(places),
    effective.toFixed(0),
    statistic.toFixed(3),
    p < 0.001 ? '< 0.001' : p.toFixed(3),
  ]
}

function cellRow(cell: Cell): string[] {
  const by = Object.entries(cell.found_by).map(([id, found]) => `${id} ${found}`)
  return [
    cell.scenario,
    cell.difficulty,
    String(cell.attacks),
    String(cell.found),
    percent(cell.share),
    String(cell.events_to_detect ?? '-'),
    duration(cell.seconds_to_detect),
    by.join(', '),
  ]
}

function budgetRow({
  findings_a_day,
  looked_at,
  precision,
  attacks_found,
  attacks_share,
}: AtBudget): string[] {
  return [
    String(findings_a_day),
    String(looked_at),
    percent(precision),
    String(attacks_found),
    percent(attacks_share),
  ]
}

function falseRow({ detector, about, findings }: FalseFindings, days: number): string[] {
  return [detector, about, String(findings), fixed(findings / Math.max(1, days))]
}

function percent(share: number | null): string {
  return share === null ? '-' : `${Math.round(share * 1000) / 10} %`
}

function fixed(value: number): string {
  return value.toFixed(1)
}

/** @example duration(5400) // '1.5 h' */
function duration(seconds: number | null): string {
  if (seconds === null) return '-'
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} d`
}
