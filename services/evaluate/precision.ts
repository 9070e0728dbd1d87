import type { Held } from './held.ts'

/** What an analyst gets who looks at so many findings a day. */
export interface AtBudget {
  readonly findings_a_day: number
  /** Findings looked at, over all days. */
  readonly looked_at: number
  /** Share of them that find an attack; null where none was looked at. */
  readonly precision: number | null
  /** Attacks found by one of them. */
  readonly attacks_found: number
  readonly attacks_share: number | null
}

/** The budgets at which peers publish figures: one a day, nine (Hopper's), and fifty. */
const BUDGETS = [1, 9, 50]

/**
 * Precision at a number of findings a day. The findings of a day (UTC, by when
 * they were opened) are ranked by their evidence, at its highest: calibrated,
 * where the evidence of all detectors was added up; of equal ones
 * the earlier comes first, as it would with whoever takes them as they come.
 */
export function atBudgets(held: readonly Held[], attacks: number): readonly AtBudget[] {
  const days = new Map<string, Held[]>()
  for (const each of held) {
    const day = each.finding.first_observed_at.slice(0, 10)
    const list = days.get(day)
    if (list === undefined) days.set(day, [each])
    else list.push(each)
  }
  for (const list of days.values()) list.sort(before)
  return BUDGETS.map((budget) => {
    const looked = [...days.values()].flatMap((list) => list.slice(0, budget))
    const right = looked.filter(({ attack }) => attack !== undefined)
    const found = new Set(right.map(({ attack }) => attack)).size
    return {
      findings_a_day: budget,
      looked_at: looked.length,
      precision: looked.length === 0 ? null : right.length / looked.length,
      attacks_found: found,
      attacks_share: attacks === 0 ? null : found / attacks,
    }
  })
}

function before({ finding: a }: Held, { finding: b }: Held): number {
  return (
    rankOf(b) - rankOf(a) ||
    a.first_observed_at.localeCompare(b.first_observed_at) ||
    a.id.localeCompare(b.id)
  )
}

/** Evidence at MEDIUM is 4; what is added up over detectors has no end, and the more of it the rarer. */
function rankOf({ evidence, evidence_nats }: Held['finding']): number {
  const { joint_nats: nats, joint_nats_of_a_finding: least } = evidence
  return typeof nats === 'number' && typeof least === 'number' && least > 0
    ? (4 * nats) / least
    : evidence_nats
}
