import { decisionKey } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { accessScored, ruleMatches, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { atOnce } from '../worker.ts'
import type { RuleSet } from './language/rule-set.ts'
import type { RuleTally } from './metrics.ts'
import { RuleStates } from './state/rule-states.ts'
import { judgeSteps, matchSteps } from './stages.ts'

export interface PlayRulesOptions {
  readonly set: RuleSet
  /** Findings of a rule a day and tenant, where it says nothing else. */
  readonly mostADay: number
  readonly groups: number
}

export interface RulesPlayed {
  /** Every revision of every finding. */
  readonly findings: readonly Finding[]
  /** These as records, and what else the second stage writes, changelog included. */
  readonly outputs: readonly OutRecord[]
  readonly matched: RuleTally['matched']
  readonly fired: RuleTally['fired']
  readonly held: RuleTally['held']
  readonly passed: RuleTally['passed']
}

/** What is written of a scored decision, as far as rules read it. */
type Written = Pick<OutRecord, 'key' | 'value' | 'headers'>

/** Both stages as one step over scored decisions, with state of its own, as a deployment with one partition has them: no log, no clock. */
export function playRules(options: PlayRulesOptions): (scored: readonly ScoredDecision[]) => RulesPlayed {
  const play = playRecords(options)
  return (scored) =>
    play(scored.map((each) => ({ key: decisionKey(each.decision), value: JSON.stringify(each) })))
}

/** The same over the records of scored decisions. */
export function playRecords({
  set,
  mostADay,
  groups,
}: PlayRulesOptions): (scored: readonly Written[]) => RulesPlayed {
  const states = new RuleStates(0, groups)
  let [first, second] = [0, 0]
  return (scored) => {
    const matching = atOnce(matchSteps(partOf(accessScored, scored, first), set))
    first += scored.length
    const matches = matching.outputs
    const versions = (version: string) => (version === set.version ? set : undefined)
    const judging = atOnce(judgeSteps(partOf(ruleMatches, matches, second), states, versions, mostADay))
    second += matches.length
    return {
      findings: judging.tally.findings,
      outputs: judging.outputs,
      matched: matching.rules.matched,
      fired: judging.rules.fired,
      held: judging.rules.held,
      passed: judging.rules.passed,
    }
  }
}

const encoder = new TextEncoder()

function partOf(topic: LogTopic, written: readonly Written[], from: number): PartitionRecords {
  const records = written.map(({ key, value, headers = {} }, index): LogRecord => ({
    offset: from + index,
    key,
    value: typeof value === 'string' ? encoder.encode(value) : value,
    headers,
    appended_ms: 0,
  }))
  return { topic, partition: 0, records, first_offset: from, last_offset: from + written.length - 1 }
}
