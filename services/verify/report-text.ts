import type { DeclaredLoss, Problem, Report, Undecided } from './report.ts'

/** Entries of a kind that are written out; the JSON form has all. */
const MOST_SHOWN = 20

/** A report in plain sentences. */
export function reportText(report: Report): string {
  const { problems, declared, undecided } = report
  const lines = [
    verdict(report),
    `Range: ${report.from} to ${report.to}. ${n(report.decisions, 'decision')} read, ${report.proven.toLocaleString('en')} proven by ${n(report.checkpoints, 'signed checkpoint')}${report.erased === 0 ? '' : `, ${n(report.erased, 'erased person', 'of erased persons')}`}, in ${(report.elapsed_ms / 1000).toFixed(1)} s.`,
    ...listed('Wrong:', problems, problemSentence),
    ...listed('Declared losses:', declared, lossSentence),
    ...listed('Not decided:', undecided, undecidedSentence),
    ...(report.left_out === 0 ? [] : [`${report.left_out} more are not listed.`]),
  ]
  return `${lines.join('\n')}\n`
}

export function problemSentence(problem: Problem): string {
  const { kind, decision_id, detail } = problem
  const who = `${problem.pep_id === '' ? 'no enforcement point' : problem.pep_id}, boot ${problem.boot_id === '' ? 'none' : problem.boot_id}`
  const which = decision_id === null ? '' : ` (decision ${decision_id})`
  if (kind === 'checkpoint') return `Checkpoints of ${who}: ${detail}${between(problem)}.`
  const what = numbers(problem)
  const many = problem.seq_from !== problem.seq_to
  if (kind === 'missing')
    return `${who}: ${what} ${many ? 'are' : 'is'} missing${between(problem)}: ${detail}.`
  const done = { altered: 'altered', inserted: 'inserted', reordered: 'put elsewhere' }[kind]
  return `${who}: ${what}${which} ${many ? 'were' : 'was'} ${done}${between(problem)}: ${detail}.`
}

function lossSentence(loss: DeclaredLoss): string {
  return `${loss.pep_id}, boot ${loss.boot_id}: ${numbers(loss)}: ${loss.detail}.`
}

const REASONS = {
  not_covered: 'no checkpoint covers them yet; the next one, or the next start of their gateway, will',
  on_the_way: 'they may still be on their way from the log to the store',
  expired:
    'they are older than the store keeps decisions, or kept them before that was raised; the checkpoint at the edge stands',
  beside_gap:
    'they stand beside a gap that the log does not fill, so that no signed hash confirms or refutes them',
  no_room:
    'there was more to go through than one look holds; the round over everything, or gatewatch verify over a shorter time, decides',
  no_checkpoint: 'they are older than checkpoints are kept, so nothing signed tells of them',
  too_new: 'the first checkpoint of their boot may still be on its way',
} as const

function undecidedSentence(one: Undecided): string {
  return `${one.pep_id}, boot ${one.boot_id}: ${numbers(one)}${between(one)}: ${REASONS[one.reason]}.`
}

function verdict({ verdict: word, problems, undecided }: Report): string {
  if (word === 'refuted') return `REFUTED: ${n(problems.length, 'thing is', 'things are')} wrong.`
  if (word === 'proven') return 'PROVEN: nothing is missing, altered, inserted or reordered.'
  if (undecided.length === 0)
    return 'NOT PROVEN: no signed checkpoint tells of any decision; look whether this is the right data directory, store and name.'
  return `PROVEN IN PART: nothing is wrong, and ${n(undecided.length, 'thing', 'things')} could not be decided.`
}

function listed<T>(title: string, list: readonly T[], sentence: (one: T) => string): string[] {
  if (list.length === 0) return []
  const shown = list.slice(0, MOST_SHOWN).map((one) => `  - ${sentence(one)}`)
  const rest = list.length - shown.length
  return [title, ...shown, ...(rest > 0 ? [`  and ${rest} more (--json lists them)`] : [])]
}

function numbers({ seq_from, seq_to }: { seq_from: number | null; seq_to: number | null }): string {
  if (seq_from === null || seq_to === null) return 'a decision without a number'
  if (seq_from === seq_to) return `number ${seq_from}`
  return `numbers ${seq_from} to ${seq_to} (${(seq_to - seq_from + 1).toLocaleString('en')} decisions)`
}

function between({ after, before }: { after: string | null; before: string | null }): string {
  if (after === null && before === null) return ''
  if (after === null) return `, before ${before}`
  if (before === null) return `, after ${after}`
  return after === before ? `, at ${after}` : `, between ${after} and ${before}`
}

function n(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
