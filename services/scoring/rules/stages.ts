import { accepts } from '../../../schemas/accepts.ts'
import { decisionKey } from '../../../schemas/decision.ts'
import { readEvent } from '../../../schemas/later.ts'
import { RuleMatch } from '../../../schemas/rule-match.ts'
import { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { accessScored, ruleMatches } from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { deadLetterRecord, jsonRecord, parseJson } from '../../runtime/log/json-record.ts'
import { endingAt } from '../snapshots/snapshot-keys.ts'
import { findingRecord } from '../subject-stage.ts'
import type { Tally } from '../worker.ts'
import { judgeMatch } from './judge-match.ts'
import type { RuleSet } from './language/rule-set.ts'
import { matchRules } from './match-rules.ts'
import { newRuleTally, type RuleTally } from './metrics.ts'
import type { RuleStates } from './state/rule-states.ts'

/** Names of the two stages, in metrics. */
export const MATCH_STAGE = 'rule-match'
export const RULE_STAGE = 'rule'
/** Header of a match: the version of the rules, to be looked up before any match is read. */
const RULE_SET = 'rule_set'
/** Some twenty milliseconds. */
const STEP_RECORDS = 200

export interface RulesDone {
  readonly outputs: OutRecord[]
  readonly tally: Tally
  readonly rules: RuleTally
}

const wholeScored = accepts(ScoredDecision)
const wholeMatch = accepts(RuleMatch)

function isScored(value: unknown): value is ScoredDecision {
  return wholeScored(value)
}

function isMatch(value: unknown): value is RuleMatch {
  return wholeMatch(value)
}

/**
 * Holds the scored decisions of a batch against the rules in force, with a stop
 * after some records each time. Equal records and rules, equal matches, byte for
 * byte. What can't be read is counted; the storage role puts it aside.
 */
export function* matchSteps(part: PartitionRecords, set: RuleSet): Generator<void, RulesDone> {
  const done = newDone()
  const count = (rule: string): void => {
    done.rules.matched.set(rule, (done.rules.matched.get(rule) ?? 0) + 1)
  }
  for (const [index, record] of part.records.entries()) {
    if (index > 0 && index % STEP_RECORDS === 0) yield
    const scored = readScored(record)
    if (scored === undefined) {
      done.tally.dead.set('unread', (done.tally.dead.get('unread') ?? 0) + 1)
      continue
    }
    done.tally.ok += 1
    for (const match of matchRules(set, scored, count)) {
      const { decision_id, decided_at, rule, matched } = match
      const ce_id = `${decision_id}.${rule}.${matched}`
      done.outputs.push(
        jsonRecord(ruleMatches, match, { ce_id, ce_time: decided_at, [RULE_SET]: match.rule_set }),
      )
    }
  }
  return done
}

/**
 * Judges the matches of a batch, with a stop after some records each time. Each
 * is read with the rules that it was matched with.
 *
 * @param setOf the rules of a version; undefined where they are gone
 */
export function* judgeSteps(
  part: PartitionRecords,
  states: RuleStates,
  setOf: (version: string) => RuleSet | undefined,
  mostADay: number,
): Generator<void, RulesDone> {
  const done = newDone()
  const { tally, rules } = done
  const dead = (record: LogRecord, reason: string, detail = ''): void => {
    done.outputs.push(deadLetterRecord(part.topic, part.partition, record, { reason, detail }))
    tally.dead.set(reason, (tally.dead.get(reason) ?? 0) + 1)
  }
  for (const [index, record] of part.records.entries()) {
    if (index > 0 && index % STEP_RECORDS === 0) yield
    const match = readMatch(record)
    if (typeof match === 'string') {
      dead(record, match)
      continue
    }
    const told = setOf(match.rule_set)?.told.get(match.rule)
    if (told === undefined) {
      dead(record, 'rules-gone', `version ${match.rule_set} of the rules is not known any more`)
      continue
    }
    const late = rules.passed.late
    const { finding, fired, held } = judgeMatch(states, told, match, mostADay, rules.passed)
    tally.ok += 1
    tally.late += rules.passed.late - late
    if (fired) rules.fired.set(match.rule, (rules.fired.get(match.rule) ?? 0) + 1)
    if (held) rules.held.set(match.rule, (rules.held.get(match.rule) ?? 0) + 1)
    if (finding === undefined) continue
    tally.findings.push(finding)
    done.outputs.push(findingRecord(finding))
  }
  for (const change of endingAt(states.changes(), part.last_offset + 1)) done.outputs.push(change)
  return done
}

/** Versions of rules that the matches of a batch name. */
export function versionsIn({ records }: PartitionRecords): Set<string> {
  return new Set(records.map(({ headers }) => headers[RULE_SET] ?? ''))
}

function newDone(): RulesDone {
  const tally: Tally = { ok: 0, repeat: 0, late: 0, dead: new Map(), findings: [] }
  return { outputs: [], tally, rules: newRuleTally() }
}

/** Only our own first stage writes them. */
function readScored(record: LogRecord): ScoredDecision | undefined {
  const json = parseJson(record)
  if (json.kind !== 'ok') return undefined
  const scored = isScored(json.value) ? json.value : readEvent(accessScored.schema, json.value)
  return scored !== undefined && record.key === decisionKey(scored.decision) ? scored : undefined
}

/** A match, or why it can't be read; only our own stage before writes them. */
function readMatch(record: LogRecord): RuleMatch | string {
  const json = parseJson(record)
  if (json.kind !== 'ok') return json.reason
  const match = isMatch(json.value) ? json.value : readEvent(RuleMatch, json.value)
  if (match === undefined) return 'invalid-rule-match'
  return record.key === ruleMatches.key(match) ? match : 'wrong-key'
}
