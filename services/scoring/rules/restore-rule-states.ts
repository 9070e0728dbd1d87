import { setImmediate } from 'node:timers/promises'
import { ruleMatches, scoringRuleState } from '../../../schemas/topics.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { RuleStates } from './state/rule-states.ts'

/** Records between two looks at what else there is to do. */
const STEP = 1000

/**
 * Reads what is counted for rules in a partition from its changelog.
 *
 * @throws GatewatchError `ERR_STATE_UNREADABLE` for damaged state, and a
 *   changelog with fewer partitions than its input; AbortError when `signal` says so
 */
export async function restoreRuleStates(
  eventLog: EventLog,
  partition: number,
  groups: number,
  signal?: AbortSignal,
): Promise<RuleStates> {
  const [input, kept] = [eventLog.partitions(ruleMatches), eventLog.partitions(scoringRuleState)]
  if (kept < input) {
    throw new GatewatchError(
      'ERR_STATE_UNREADABLE',
      `The topic ${scoringRuleState.name} has ${kept} partitions and ${ruleMatches.name} has ${input}: give it as many.`,
    )
  }
  const states = new RuleStates(partition, groups)
  /** Newest records that can't be read, by key: a later record may replace one. */
  const refused = new Map<string, GatewatchError>()
  for await (const records of eventLog.read(scoringRuleState, { partition, max_records: STEP })) {
    signal?.throwIfAborted()
    for (const { key, value } of records) {
      try {
        states.restore(key, value)
        refused.delete(key)
      } catch (error) {
        if (!(error instanceof GatewatchError)) throw error
        refused.set(key, error)
      }
    }
    await setImmediate()
  }
  signal?.throwIfAborted()
  for (const refusal of refused.values()) throw refusal
  return states
}
