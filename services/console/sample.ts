import type { DecisionSummary } from './decision-row.ts'

/**
 * At most `most` of the decisions, in their order. Those that were not plainly
 * permitted come first, newest first, since they are what somebody looks for;
 * the permitted ones that fill the rest are spread evenly over the period.
 */
export function sample(decisions: readonly DecisionSummary[], most: number): readonly DecisionSummary[] {
  if (decisions.length <= most) return decisions
  const chosen = new Set<DecisionSummary>()
  for (const decision of decisions.filter((one) => one.outcome !== 'permit').slice(-most))
    chosen.add(decision)
  const plain = decisions.filter((one) => one.outcome === 'permit')
  const room = most - chosen.size
  for (let i = 0; i < room; i += 1) {
    const one = plain[Math.floor((i * plain.length) / room)]
    if (one) chosen.add(one)
  }
  return decisions.filter((one) => chosen.has(one))
}
