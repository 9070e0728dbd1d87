import type { Finding } from '../../../schemas/finding.ts'
import type { RuleMatch } from '../../../schemas/rule-match.ts'
import { advance, prune, type Observed } from '../case.ts'
import { instantMs } from '../state/instant.ts'
import { correlate, QUIET_MS, type Passed } from './correlate.ts'
import { explainRule } from './explain-rule.ts'
import { LEVELS } from './language/head.ts'
import type { ToldRule } from './language/rule-set.ts'
import type { Group } from './state/group.ts'
import type { Lane } from './state/lane.ts'
import type { RuleStates } from './state/rule-states.ts'
import type { Filled } from './windows/events.ts'
import { notesOf } from '../state/entity/entity-state.ts'

/** Detector id of a rule's findings. */
function detectorOf(rule: string): string {
  return `rule-${rule}`
}

/** `low` is 1, `critical` 4: MEDIUM from 2 on, HIGH from 3 on. */
const THRESHOLDS = { medium: LEVELS.indexOf('medium'), high: LEVELS.indexOf('high') }
/** The rule, not a baseline, says how bad it is; its form is Gatewatch's, and so is its version. */
const VERSION = 1

export interface Judged {
  /** The rule came about at this decision. */
  readonly fired: boolean
  readonly finding?: Finding
  /** The finding would have been one too many on its day. */
  readonly held: boolean
}

/**
 * Takes one match in: counts it where a correlation asks for it, and opens,
 * revises or holds back the finding that follows.
 *
 * @param mostADay findings of a rule a day and tenant, where it says nothing else
 */
export function judgeMatch(
  states: RuleStates,
  told: ToldRule,
  match: RuleMatch,
  mostADay: number,
  passed: Passed,
): Judged {
  const atMs = instantMs(match.decided_at)
  const lane = states.lane(match.tenant, match.origin, match.rule, atMs)
  const found = find(states, lane, told, match, atMs, passed)
  const judged =
    found === undefined
      ? { fired: false, held: false }
      : tell(lane, told, match, atMs, mostADay, found.group, found.filled)
  if (found !== undefined) states.put(lane, found.name, found.group)
  states.forget(lane)
  return judged
}

function find(
  states: RuleStates,
  lane: Lane,
  { tree, edition }: ToldRule,
  match: RuleMatch,
  atMs: number,
  passed: Passed,
): { readonly name: string; readonly group: Group; readonly filled?: Filled } | undefined {
  if (tree.kind === 'branch') return correlate(states, lane, tree, match, atMs, edition, passed)
  const { type, id } = match.entity
  const found = states.group(lane, '', JSON.stringify([type, id]), edition)
  found.group.newest_ms = Math.max(found.group.newest_ms, atMs)
  found.group.until_ms = found.group.newest_ms + QUIET_MS
  return found
}

function tell(
  lane: Lane,
  told: ToldRule,
  match: RuleMatch,
  atMs: number,
  mostADay: number,
  group: Group,
  filled: Filled | undefined,
): Judged {
  const { head } = told
  const detector = detectorOf(head.name)
  group.notes = group.notes === undefined ? undefined : prune(group.notes, group.newest_ms)
  const goesOn = group.notes?.cases.some((each) => each.detector === detector) === true
  const budget = lane.budgetOf(atMs)
  const most = head.findings_per_day ?? mostADay
  if (!goesOn) {
    if (budget.told >= most) {
      if (group.held_day === budget.day) return { fired: true, held: false }
      group.held_day = budget.day
      budget.held += 1
      return { fired: true, held: true }
    }
    budget.told += 1
  }
  const notes = notesOf(group)
  const observed: Observed = {
    decision_id: match.decision_id,
    tenant: match.tenant,
    origin: match.origin,
    decided_at: match.decided_at,
    at_ms: atMs,
    entity: match.entity,
    related: match.entities,
    refused: false,
  }
  const speaker = { id: detector, version: VERSION, technique: head.technique, thresholds: THRESHOLDS }
  const level = LEVELS.indexOf(head.level)
  const finding = advance(notes, speaker, level, observed, () =>
    explainRule(told, match, filled, budget, most),
  )
  if (finding === undefined) return { fired: true, held: false }
  // The life of findings knows two levels; a rule may ask for the lowest.
  return {
    fired: true,
    held: false,
    finding: level < THRESHOLDS.medium ? { ...finding, risk_level: 'LOW' } : finding,
  }
}
