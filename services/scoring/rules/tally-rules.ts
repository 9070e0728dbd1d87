import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import type { RuleMatch } from '../../../schemas/rule-match.ts'
import { instantMs } from '../state/instant.ts'
import { RulesConfig } from './config.ts'
import { judgeMatch } from './judge-match.ts'
import type { RuleSet } from './language/rule-set.ts'
import { isPassedOver, matchRule } from './match-rules.ts'
import { RuleStates } from './state/rule-states.ts'

const DAY_MS = 86_400_000

/** How often one rule would have spoken, and what it costs. */
export interface RuleRow {
  readonly rule: string
  readonly kind: 'rule' | 'correlation'
  /** Decisions that a rule was held against; of a correlation those that matched one of its rules. */
  readonly read: number
  /** Decisions that match a rule; those at which a correlation came about. */
  readonly matched: number
  /** Null: a rule that is only a part of others, or informational. */
  readonly findings: number | null
  readonly a_day: number | null
  readonly most_on_a_day: number | null
  readonly held: number | null
  /** Processor time a decision of all, in µs; what a correlation's rules cost stands at these. */
  readonly us_a_decision: number
}

export interface RuleTallied {
  readonly decisions: number
  /** From the first decision to the last, one at least. */
  readonly days: number
  readonly rows: readonly RuleRow[]
}

interface Account {
  read: number
  matched: number
  held: number
  us: number
  /** Findings by day. */
  readonly days: Map<number, number>
}

/**
 * Counts how often rules would have spoken over decisions, in the order in which
 * they come, and what each costs. Rule by rule, so that the time of each is its
 * own; one knows nothing of another, so that this changes nothing else.
 *
 * @param cpuUs processor time of this process so far, in µs
 */
export function tally(
  set: RuleSet,
  mostADay = RulesConfig.shape.findings_per_day.parse(undefined),
  cpuUs: () => number = () => 0,
): { take(scored: readonly ScoredDecision[]): void; result(): RuleTallied } {
  const states = new RuleStates(0, RulesConfig.shape.groups.parse(undefined))
  const accounts = new Map<string, Account>()
  let [decisions, firstMs, lastMs] = [0, Infinity, -Infinity]

  function timed<T>(account: Account, work: () => T): T {
    const before = cpuUs()
    const done = work()
    account.us += cpuUs() - before
    return done
  }

  function judge(rule: string, matches: readonly RuleMatch[]): void {
    const told = set.told.get(rule)
    if (told === undefined) return
    const account = accountOf(accounts, rule)
    const passed = { late: 0, ungrouped: 0, crowded: 0 }
    const correlation = told.tree.kind === 'branch'
    timed(account, () => {
      for (const match of matches) {
        const { fired, held, finding } = judgeMatch(states, told, match, mostADay, passed)
        if (correlation && fired) account.matched += 1
        if (held) account.held += 1
        if (finding === undefined || finding.revision > 1) continue
        const day = Math.floor(instantMs(finding.observed_at) / DAY_MS)
        account.days.set(day, (account.days.get(day) ?? 0) + 1)
      }
    })
    if (correlation) account.read += new Set(matches.map(({ decision_id }) => decision_id)).size
  }

  return {
    take(scored) {
      decisions += scored.length
      const matches: RuleMatch[] = []
      for (const { decision } of scored) {
        const atMs = instantMs(decision.decided_at)
        firstMs = Math.min(firstMs, atMs)
        lastMs = Math.max(lastMs, atMs)
      }
      const real = scored.filter((each) => !isPassedOver(each))
      const order = new Map(real.map(({ decision }, index) => [decision.id, index]))
      for (const rule of set.matched) {
        const account = accountOf(accounts, rule.name)
        account.read += real.length
        timed(account, () => {
          for (const each of real) {
            const found = matchRule(set.version, rule, each)
            if (found === undefined) continue
            account.matched += 1
            matches.push(...found)
          }
        })
      }
      const byRule = Map.groupBy(matches, ({ rule }) => rule)
      for (const [rule, own] of byRule)
        judge(
          rule,
          own.toSorted((a, b) => (order.get(a.decision_id) ?? 0) - (order.get(b.decision_id) ?? 0)),
        )
    },
    result() {
      const days = decisions === 0 ? 1 : Math.max(1, (lastMs - firstMs) / DAY_MS)
      const names = new Set([...set.matched.map(({ name }) => name), ...set.told.keys()])
      const rows = [...names].map((rule) => rowOf(set, rule, accountOf(accounts, rule), { decisions, days }))
      return { decisions, days, rows }
    },
  }
}

function rowOf(
  set: RuleSet,
  rule: string,
  { read, matched, held, us, days }: Account,
  over: { readonly decisions: number; readonly days: number },
): RuleRow {
  const told = set.told.get(rule)
  const counts = [...days.values()]
  const findings = counts.reduce((sum, count) => sum + count, 0)
  const tells = told !== undefined
  return {
    rule,
    kind: told?.tree.kind === 'branch' ? 'correlation' : 'rule',
    read,
    matched,
    findings: tells ? findings : null,
    a_day: tells ? findings / over.days : null,
    most_on_a_day: tells ? Math.max(0, ...counts) : null,
    held: tells ? held : null,
    us_a_decision: over.decisions === 0 ? 0 : us / over.decisions,
  }
}

function accountOf(accounts: Map<string, Account>, rule: string): Account {
  const known = accounts.get(rule)
  if (known !== undefined) return known
  const account: Account = { read: 0, matched: 0, held: 0, us: 0, days: new Map() }
  accounts.set(rule, account)
  return account
}
