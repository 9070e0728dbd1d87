import type { PolicyUsage } from '../../policy/usage.ts'

const MOST_LINES = 50

/** The report of `policy usage` for people. */
export function describeUsage(usage: PolicyUsage, days: number, keptSince: string | null): string {
  if (keptSince === null) return 'No decision of this policy is stored yet: nothing can be said of its use.\n'
  const { rules, unmatched, unused, lapsed } = usage
  const lines = [
    `Revision ${usage.revision.slice(0, 12)}, ${rules} rules, the last ${days} days; decisions are kept since ${keptSince}.`,
    '',
    unmatched.length === 0 ? 'Every rule matched somebody.' : `${unmatched.length} rules matched nobody:`,
    ...listed(
      unmatched,
      ({ rule_id, outcome, last_at }) =>
        `${rule_id.padEnd(40)} ${outcome.padEnd(8)} ${last_at === null ? 'never in what is kept' : `last on ${last_at}`}`,
    ),
    '',
    unused.length === 0
      ? 'Whoever came with a group or role that a rule lets in used it.'
      : 'Access that is granted and was not used:',
    ...listed(
      unused,
      ({ rule_id, kind, name, seen, used }) =>
        `${rule_id.padEnd(40)} ${kind} ${name}: ${seen === 0 ? 'nobody came with it' : `${seen - used} of ${seen} who came with it never came here`}`,
    ),
  ]
  if (lapsed.length > 0) {
    lines.push('', 'People who were let in once, and not in this time:')
    lines.push(
      ...listed(
        lapsed,
        ({ route_id, people, lapsed: gone }) => `${route_id.padEnd(40)} ${gone} of ${people}`,
      ),
    )
  }
  lines.push(
    '',
    'A rule also matches nobody when one before it holds for the same people. Groups and roles are known of those',
    'who came: of members who never came anywhere, only the identity provider knows.',
    '',
  )
  return lines.join('\n')
}

function listed<T>(items: readonly T[], line: (item: T) => string): string[] {
  const shown = items.slice(0, MOST_LINES).map((item) => `  ${line(item)}`)
  return items.length > MOST_LINES ? [...shown, `  and ${items.length - MOST_LINES} more`] : shown
}
