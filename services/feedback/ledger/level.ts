import type { RiskLevel } from '../../../schemas/bounds.ts'
import type { LedgerParameters } from './parameters.ts'

type Thresholds = Pick<LedgerParameters, 'enter_medium' | 'leave_medium' | 'enter_high' | 'leave_high'>

/**
 * The level of a score, with hysteresis: a level is entered at one score and
 * left at a lower one, so that a score that trembles at a threshold does not
 * make a gateway tremble.
 */
export function levelOf(score: number, before: RiskLevel, thresholds: Thresholds): RiskLevel {
  if (score >= thresholds.enter_high) return 'HIGH'
  if (before === 'HIGH' && score >= thresholds.leave_high) return 'HIGH'
  if (score >= thresholds.enter_medium) return 'MEDIUM'
  if (before !== 'LOW' && score >= thresholds.leave_medium) return 'MEDIUM'
  return 'LOW'
}

const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const

export function higherLevel(a: RiskLevel, b: RiskLevel): RiskLevel {
  return RANK[a] >= RANK[b] ? a : b
}

export function isHigher(a: RiskLevel, than: RiskLevel): boolean {
  return RANK[a] > RANK[than]
}
