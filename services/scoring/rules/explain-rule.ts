import type { Evidence } from '../../../schemas/finding.ts'
import type { RuleMatch } from '../../../schemas/rule-match.ts'
import type { Explanation } from '../detector.ts'
import type { Branch, Leaf } from './language/link.ts'
import type { ToldRule } from './language/rule-set.ts'
import type { Budget } from './state/lane.ts'
import type { Filled } from './windows/events.ts'

const MOST_TEXT = 512
const MOST_VALUES = 24

const COUNTED: Readonly<Record<Branch['type'], string>> = {
  event_count: 'decisions',
  value_count: 'different values',
  temporal: 'rules matched',
  temporal_ordered: 'rules matched in order',
}

/**
 * What a finding of a rule says: the rule's own words (title, description,
 * known false positives), which rules were in force, what was counted, and the
 * values that it groups by or shows.
 */
export function explainRule(
  told: ToldRule,
  match: RuleMatch,
  filled: Filled | undefined,
  budget: Budget,
  most: number,
): Explanation {
  const { head, tree } = told
  const counted = filled === undefined || tree.kind === 'leaf' ? {} : countedOf(tree, filled)
  const evidence: Evidence = {
    rule: head.name,
    ...(head.id === undefined ? {} : { rule_id: head.id }),
    rule_file: told.file.slice(0, MOST_TEXT),
    rule_set: match.rule_set,
    level: head.level,
    ...textOf('description', head.description),
    ...textOf('false_positives', head.false_positives.join('; ')),
    ...textOf('references', head.references.join(' ')),
    ...counted,
    ...Object.fromEntries(
      Object.entries(match.values)
        .filter(([path]) => path.length <= 64)
        .slice(0, MOST_VALUES),
    ),
    ...budgetOf(budget, most),
  }
  return {
    cause: head.cause,
    evidence,
    gates: [],
    summary: summaryOf(head.title, tree, filled),
    decision_ids: filled?.ids ?? [],
  }
}

function countedOf(tree: Branch, { observed, first_ms, last_ms }: Filled): Evidence {
  return {
    observed,
    needed: tree.need === 0 ? tree.parts.length : tree.need,
    window_s: tree.timespan_ms / 1000,
    first_at: new Date(first_ms).toISOString(),
    last_at: new Date(last_ms).toISOString(),
  }
}

/** Nothing is held back without a word. */
function budgetOf({ told, held, held_before }: Budget, most: number): Evidence {
  return {
    findings_per_day: most,
    ...(told >= most ? { last_of_the_day: true } : {}),
    ...(held > 0 ? { held_back_today: held } : {}),
    ...(held_before > 0 ? { held_back_the_day_before: held_before } : {}),
  }
}

function summaryOf(title: string, tree: Leaf | Branch, filled: Filled | undefined): string {
  const words = title.replace(/[.\s]+$/, '')
  if (filled === undefined || tree.kind === 'leaf') return `Rule: ${words}.`
  const seconds = Math.round((filled.last_ms - filled.first_ms) / 1000)
  return `Rule: ${words}: ${filled.observed} ${COUNTED[tree.type]} within ${seconds} s.`
}

function textOf(name: string, text: string): Evidence {
  return text === '' ? {} : { [name]: text.slice(0, MOST_TEXT) }
}
