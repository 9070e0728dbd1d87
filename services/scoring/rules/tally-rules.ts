import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { RulesConfig } from './config.ts'
import type { RuleSet } from './language/rule-set.ts'
import { playRules } from './play-rules.ts'

const DAY_MS = 86_400_000

/** How often one rule would have spoken. */
export interface RuleRow {
  readonly rule: string
  /** Decisions at which it came about. */
  readonly fired: number
  readonly findings: number
  readonly a_day: number
  readonly most_on_a_day: number
  readonly held: number
}

export interface RuleTallied {
  readonly decisions: number
  /** From the first decision to the last, one at least. */
  readonly days: number
  readonly rows: readonly RuleRow[]
}

/** Counts how often rules would have spoken over decisions, in the order in which they come. */
export function tally(
  set: RuleSet,
  mostADay = RulesConfig.shape.findings_per_day.parse(undefined),
): { take(scored: readonly ScoredDecision[]): void; result(): RuleTallied } {
  const play = playRules({ set, mostADay, groups: RulesConfig.shape.groups.parse(undefined) })
  const fired = new Map<string, number>()
  const held = new Map<string, number>()
  /** Findings by rule and day. */
  const days = new Map<string, Map<number, number>>()
  let [decisions, firstMs, lastMs] = [0, Infinity, -Infinity]
  return {
    take(scored) {
      decisions += scored.length
      for (const { decision } of scored) {
        const atMs = Date.parse(decision.decided_at)
        firstMs = Math.min(firstMs, atMs)
        lastMs = Math.max(lastMs, atMs)
      }
      const played = play(scored)
      for (const [rule, count] of played.fired) fired.set(rule, (fired.get(rule) ?? 0) + count)
      for (const [rule, count] of played.held) held.set(rule, (held.get(rule) ?? 0) + count)
      for (const { detector, revision, observed_at } of played.findings) {
        if (revision > 1) continue
        const rule = detector.id.replace(/^rule-/, '')
        const day = Math.floor(Date.parse(observed_at) / DAY_MS)
        const own = days.get(rule) ?? new Map<number, number>()
        days.set(rule, own.set(day, (own.get(day) ?? 0) + 1))
      }
    },
    result() {
      const span = decisions === 0 ? 1 : Math.max(1, (lastMs - firstMs) / DAY_MS)
      const rows = [...set.told.keys()].map((rule) => {
        const counts = [...(days.get(rule)?.values() ?? [])]
        const findings = counts.reduce((sum, count) => sum + count, 0)
        return {
          rule,
          fired: fired.get(rule) ?? 0,
          findings,
          a_day: findings / span,
          most_on_a_day: Math.max(0, ...counts),
          held: held.get(rule) ?? 0,
        }
      })
      return { decisions, days: span, rows }
    },
  }
}
