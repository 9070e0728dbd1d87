import { ruleMatches } from '../../../schemas/topics.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Consumption, OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { consumeStage, paced } from '../consume-stage.ts'
import type { StateAlerts } from '../state-alerts.ts'
import type { Holdings } from '../metrics.ts'
import { restoreRuleStates } from './restore-rule-states.ts'
import type { RuleSets } from './rule-sets.ts'
import type { RunRulesOptions } from './run-matching.ts'
import type { RuleStates } from './state/rule-states.ts'
import { judgeSteps, RULE_STAGE, versionsIn } from './stages.ts'

export const RULE_GROUP = 'scoring-rule-matches'

export interface RunJudgingOptions extends RunRulesOptions {
  /** Groups of a rule and tenant at most. */
  readonly groups: number
  readonly findingsPerDay: number
  /** Told of partitions whose state can't be read, and of those that were restored. */
  readonly alerts?: Pick<StateAlerts, 'refused' | 'restored'>
}

interface Owned {
  readonly givenUp: AbortController
  states?: RuleStates
  /** Its state can't be read. */
  refused: boolean
  /** Offset after the last record that was handled, committed or not; the state holds what followed from it. */
  handled: number
}

/**
 * Runs the stage that counts matches and tells findings. Findings, changed state
 * and offsets go to the log in one commit. The state of a partition moves with
 * it. Whether a commit came about shows when the next batch comes: one that
 * does not go on after the last is held against state read from the log again.
 */
export async function runJudging(sets: RuleSets, options: RunJudgingOptions): Promise<Consumption> {
  const { eventLog, logger, metrics, ruleMetrics, groups, findingsPerDay } = options
  const owned = new Map<number, Owned>()

  async function restore(mine: Owned, partition: number): Promise<void> {
    delete mine.states
    const began = performance.now()
    try {
      mine.states = await restoreRuleStates(eventLog, partition, groups, mine.givenUp.signal)
      mine.refused = false
    } catch (error) {
      if (mine.givenUp.signal.aborted) return
      mine.refused = error instanceof GatewatchError
      if (error instanceof GatewatchError) await options.alerts?.refused(RULE_STAGE, partition, error.message)
      throw error
    }
    // Not waited for: a person who is told late is no reason to judge late.
    options.alerts?.restored(RULE_STAGE, partition).catch((error: unknown) => {
      logger.warn({ err: error, stage: RULE_STAGE }, 'that state can be read again could not be told')
    })
    metrics.restore.observe({ stage: RULE_STAGE }, (performance.now() - began) / 1000)
  }

  async function assigned(partition: number): Promise<void> {
    owned.get(partition)?.givenUp.abort()
    const mine: Owned = { givenUp: new AbortController(), handled: 0, refused: false }
    owned.set(partition, mine)
    await restore(mine, partition)
  }

  async function handle(part: PartitionRecords): Promise<readonly OutRecord[]> {
    const mine = owned.get(part.partition)
    if (mine === undefined) throw new Error(`partition ${part.partition} is not ours`)
    if (mine.states === undefined || part.first_offset < mine.handled) await restore(mine, part.partition)
    const { states } = mine
    if (states === undefined) throw new Error(`no state of partition ${part.partition}`)
    if ([...versionsIn(part)].some((version) => sets.of(version) === undefined)) await sets.caughtUp()
    try {
      const steps = judgeSteps(part, states, (version) => sets.of(version), findingsPerDay)
      const { outputs, tally, rules } = await paced(steps)
      mine.handled = part.last_offset + 1
      metrics.count(RULE_STAGE, tally)
      ruleMetrics.count(rules)
      return outputs
    } catch (error) {
      delete mine.states
      throw error
    }
  }

  return consumeStage({
    ...options,
    stage: RULE_STAGE,
    group: RULE_GROUP,
    input: ruleMatches,
    assigned,
    revoked(partition) {
      owned.get(partition)?.givenUp.abort()
      owned.delete(partition)
    },
    handle,
    holdings: () => holdingsOf([...owned.values()]),
  })
}

function holdingsOf(owned: readonly Owned[]): Holdings {
  const sum = (of: (states: RuleStates) => number): number =>
    owned.reduce((all, { states }) => all + (states === undefined ? 0 : of(states)), 0)
  const ready = owned.filter(({ states }) => states !== undefined).length
  const refused = owned.filter((one) => one.states === undefined && one.refused).length
  const groups = sum(({ size }) => size)
  return {
    ready,
    refused,
    restoring: owned.length - ready - refused,
    entities: groups,
    decoded: groups,
    bytes: 0,
    idle: sum(({ forgotten }) => forgotten.idle),
    full: sum(({ forgotten }) => forgotten.full),
  }
}
