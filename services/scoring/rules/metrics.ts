import { Counter, Gauge, type Registry } from 'prom-client'
import type { RuleLoader } from './rule-loader.ts'

/** What rules did in one batch, for the metrics. */
export interface RuleTally {
  /** Decisions that matched, by rule. */
  readonly matched: Map<string, number>
  /** Decisions at which a rule came about, whether or not that was told, by rule. */
  readonly fired: Map<string, number>
  /** Findings held back, by rule. */
  readonly held: Map<string, number>
  /** Matches that correlations did not count, by cause. */
  readonly passed: { late: number; ungrouped: number; crowded: number }
}

export function newRuleTally(): RuleTally {
  return {
    matched: new Map(),
    fired: new Map(),
    held: new Map(),
    passed: { late: 0, ungrouped: 0, crowded: 0 },
  }
}

export interface RuleMetrics {
  /** Told once a batch. */
  count(tally: RuleTally): void
  /** Asks for what is in force whenever the metrics are read; returns what ends it. */
  watch(loader: RuleLoader): () => void
}

export function ruleMetrics(registry: Registry): RuleMetrics {
  const registers = [registry]
  const matched = new Counter({
    name: 'gatewatch_scoring_rule_matches_total',
    help: 'Decisions that a rule of the operator matched.',
    labelNames: ['rule'] as const,
    registers,
  })
  const held = new Counter({
    name: 'gatewatch_scoring_rule_findings_held_total',
    help: 'Findings of a rule that were held back, since it had as many on that day as it may.',
    labelNames: ['rule'] as const,
    registers,
  })
  const passed = new Counter({
    name: 'gatewatch_scoring_rule_matches_passed_total',
    help: 'Matches that a correlation did not count: too late, without a value that it groups by, or pushed out of a full window.',
    labelNames: ['cause'] as const,
    registers,
  })
  const watched = new Set<RuleLoader>()
  const gauge = (
    name: string,
    help: string,
    of: (loader: RuleLoader) => Readonly<Record<string, number>>,
  ): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['kind'],
        registers: [],
        collect() {
          for (const loader of watched)
            for (const [kind, number] of Object.entries(of(loader))) this.set({ kind }, number)
        },
      }),
    )
  }
  gauge('gatewatch_scoring_rules', 'Rules of the operator that are in force.', ({ current }) => ({
    rule: current.matched.length,
    correlation: current.correlations,
  }))
  gauge(
    'gatewatch_scoring_rule_problems',
    'Mistakes in files of rules, which the log names with file, line and reason; and whether their directory can not be read.',
    ({ problems, failing }) => ({ rule: problems.length, directory: failing ? 1 : 0 }),
  )
  return {
    count(tally) {
      for (const [rule, count] of tally.matched) matched.inc({ rule }, count)
      for (const [rule, count] of tally.held) held.inc({ rule }, count)
      for (const [cause, count] of Object.entries(tally.passed)) passed.inc({ cause }, count)
    },
    watch(loader) {
      watched.add(loader)
      return () => void watched.delete(loader)
    },
  }
}
