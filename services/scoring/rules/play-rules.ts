import { decisionKey } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { accessScored, ruleMatches, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
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
  readonly matched: RuleTally['matched']
  readonly fired: RuleTally['fired']
  readonly held: RuleTally['held']
  readonly passed: RuleTally['passed']
}

/** Both stages as one step over scored decisions, with state of its own, as a deployment with one partition has them: no log, no clock. */
export function playRules({
  set,
  mostADay,
  groups,
}: PlayRulesOptions): (scored: readonly ScoredDecision[]) => RulesPlayed {
  const states = new RuleStates(0, groups)
  let [first, second] = [0, 0]
  return (scored) => {
    const values = scored.map((each) => ({
      key: decisionKey(each.decision),
      value: JSON.stringify(each),
      headers: {},
    }))
    const matching = atOnce(matchSteps(partOf(accessScored, values, first), set))
    first += values.length
    const matches = matching.outputs.map(({ key, value, headers = {} }) => ({
      key,
      value: String(value),
      headers,
    }))
    const versions = (version: string) => (version === set.version ? set : undefined)
    const judging = atOnce(judgeSteps(partOf(ruleMatches, matches, second), states, versions, mostADay))
    second += matches.length
    return {
      findings: judging.tally.findings,
      matched: matching.rules.matched,
      fired: judging.rules.fired,
      held: judging.rules.held,
      passed: judging.rules.passed,
    }
  }
}

const encoder = new TextEncoder()

function partOf(
  topic: LogTopic,
  values: readonly {
    readonly key: string
    readonly value: string
    readonly headers: Readonly<Record<string, string>>
  }[],
  from: number,
): PartitionRecords {
  const records: LogRecord[] = values.map(({ key, value, headers }, index) => ({
    offset: from + index,
    key,
    value: encoder.encode(value),
    headers,
    appended_ms: 0,
  }))
  return { topic, partition: 0, records, first_offset: from, last_offset: from + values.length - 1 }
}
