import type { CaseCheck } from './proof/check-case.ts'

const VERDICTS: Readonly<Record<CaseCheck['verdict'], string>> = {
  proven: 'Proven: every decision is what was recorded, and the file is what was sealed.',
  refuted: 'Refuted: something in this file is not what was recorded.',
  undecided: 'Not decided in full: nothing is wrong with what could be checked.',
}
const SHOWN = 50

/** What a check of a case file found, for people. */
export function checkText({ verdict, decisions, proven, erased, problems, notes }: CaseCheck): string {
  const lines = [
    VERDICTS[verdict],
    `${proven} of ${decisions} decisions are borne out by a trusted signature.`,
  ]
  if (erased > 0) lines.push(`${erased} of them are of persons who were erased.`)
  for (const { decision_id, what } of problems.slice(0, SHOWN))
    lines.push(`altered: ${decision_id === null ? what : `decision ${decision_id}: ${what}`}`)
  if (problems.length > SHOWN) lines.push(`and ${problems.length - SHOWN} more`)
  for (const note of notes) lines.push(`note: ${note}`)
  return `${lines.map(printable).join('\n')}\n`
}

/** What stands in a file of somebody else's must not steer the terminal. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
}
