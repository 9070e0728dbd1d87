import type { Promotion } from '../policy/promotion.ts'

/** The report of `policy promote` for people. */
export function describePromotion(report: Promotion): string {
  const { route_id, decisions, subjects, changed, touched, touched_subjects } = report
  if (decisions === 0)
    return `No decision of route ${route_id} is kept; check its id, and let it observe for a while.\n`
  const lines = [`Route ${route_id}: ${decisions} decisions of ${subjects} subjects are kept.`]
  if (touched_subjects === 0) {
    lines.push('Enforcing risk would have changed none of them.')
  } else {
    const parts = Object.entries(changed).map(([outcome, count]) => `${count} ${outcome}`)
    lines.push(`Enforcing risk would have changed ${parts.join(', ')}, of ${touched_subjects} subjects:`, '')
    for (const { subject, step_up, deny, first_at, last_at, decision_id } of touched) {
      lines.push(
        `  ${subject.padEnd(32)} ${step_up} step_up, ${deny} deny   ${first_at} to ${last_at}   see ${decision_id}`,
      )
    }
    if (touched_subjects > touched.length) lines.push(`  and ${touched_subjects - touched.length} more`)
    lines.push('', 'Look at some of them first: a person who should have got in is a reason to wait.')
  }
  lines.push(
    `To enforce, set "enforcement: enforce" on route ${route_id} in the policy file; a running gateway takes it within a second.`,
    '',
  )
  return lines.join('\n')
}
