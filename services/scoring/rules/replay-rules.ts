import type { Finding } from '../../../schemas/finding.ts'
import { accessScored, control, ruleMatches, type LogTopic } from '../../../schemas/topics.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import { cutAt } from '../calibration/history.ts'
import type { ReplayStart } from '../replay/replay-start.ts'
import { offsetsOf } from '../replay/restored-states.ts'
import { restoreSnapshot } from '../snapshots/read-snapshots.ts'
import { readWhole } from '../read-whole.ts'
import { atOnce } from '../worker.ts'
import { RulesConfig } from './config.ts'
import type { RuleSet } from './language/rule-set.ts'
import type { RuleAdoption } from './rule-adoptions.ts'
import { RuleSets } from './rule-sets.ts'
import { MATCH_GROUP } from './run-matching.ts'
import { RULE_GROUP } from './run-judging.ts'
import { RuleStates } from './state/rule-states.ts'
import { judgeSteps, matchSteps } from './stages.ts'

/** The settings of rules that findings depend on. */
export type RuleLimits = Pick<RulesConfig, 'findings_per_day' | 'groups'>

export interface ReplayRulesOptions {
  readonly limits?: RuleLimits | undefined
  /** Hears of every record that the stages write, changelog included. */
  readonly told?: (record: OutRecord) => void
  /** Offset after the last record to replay, by partition of a topic; default all that is there. */
  readonly until?: ReadonlyMap<LogTopic, ReadonlyMap<number, number>>
  /** Where to begin judging, and with which state. Matching has none, so it is passed over then. */
  readonly start?: ReplayStart | undefined
  /** Hears of every part that is done: how many records it had. */
  readonly progress?: ((records: number) => void) | undefined
}

/** How far the workers have come, the later stage first: what it has handled, the first has. */
export async function rulesUntil(
  eventLog: EventLog,
): Promise<[topic: LogTopic, offsets: ReadonlyMap<number, number>][]> {
  const judged = await eventLog.committed(RULE_GROUP, ruleMatches)
  return [
    [ruleMatches, judged],
    [accessScored, await eventLog.committed(MATCH_GROUP, accessScored)],
  ]
}

/**
 * Replays both stages of rules over a log from its beginning: scored decisions
 * against the rules that each partition was held against from which offset on,
 * and the matches in the order that the log gave them.
 *
 * @throws GatewatchError `ERR_REPLAY_CUT` when retention has cut the beginning
 *   off, or the texts of rules are gone
 */
export async function replayRules(
  eventLog: EventLog,
  {
    limits = RulesConfig.parse({ directory: '.' }),
    told = () => {},
    until,
    start,
    progress = () => {},
  }: ReplayRulesOptions = {},
): Promise<{ readonly findings: Finding[]; readonly records: number }> {
  const findings: Finding[] = []
  let records = 0
  const adopted = await adoptions(eventLog)
  if (adopted.size === 0) return { findings, records }
  const sets = await RuleSets.open(eventLog)
  try {
    const matching = start === undefined ? { until: until?.get(accessScored) } : { until: NOWHERE }
    for await (const batch of readWhole(eventLog, accessScored, matching)) {
      const own = adopted.get(batch.partition) ?? []
      for (const part of cutAt(
        batch,
        own.map(({ offset }) => offset).filter((at) => at > batch.first_offset),
      )) {
        const version = own.findLast(({ offset }) => offset <= part.first_offset)?.version
        if (version === undefined) continue
        records += part.records.length
        for (const record of atOnce(matchSteps(part, known(sets, version))).outputs) told(record)
      }
      progress(batch.records.length)
    }
    const states = new Map<number, RuleStates>()
    for (const [partition, { slot }] of start?.starts.get(ruleMatches) ?? []) {
      const own = new RuleStates(partition, limits.groups)
      await restoreSnapshot(eventLog, { stage: 'rule', partition, slot }, own)
      states.set(partition, own)
    }
    const judging = { until: until?.get(ruleMatches), from: offsetsOf(start?.starts, ruleMatches) }
    for await (const part of readWhole(eventLog, ruleMatches, judging)) {
      records += part.records.length
      const own = states.get(part.partition) ?? new RuleStates(part.partition, limits.groups)
      states.set(part.partition, own)
      const of = (version: string): RuleSet => known(sets, version)
      const done = atOnce(judgeSteps(part, own, of, limits.findings_per_day))
      findings.push(...done.tally.findings)
      for (const record of done.outputs) told(record)
      progress(part.records.length)
    }
  } finally {
    await sets.close()
  }
  return { findings, records }
}

const NOWHERE: ReadonlyMap<number, number> = new Map()

function known(sets: RuleSets, version: string): RuleSet {
  const set = sets.of(version)
  if (set !== undefined) return set
  throw new GatewatchError(
    'ERR_REPLAY_CUT',
    `The texts of the rules of version ${version} are not kept any more: what they matched can't be replayed.`,
  )
}

/** By partition, in the order of offsets. */
async function adoptions(eventLog: EventLog): Promise<ReadonlyMap<number, RuleAdoption[]>> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const all = [...table.entries()].flatMap(([, value]) => {
      const record = readRecord(control.schema, { value })
      return record?.kind === 'rule_set' ? [record] : []
    })
    return Map.groupBy(
      all.sort((a, b) => a.offset - b.offset),
      ({ partition }) => partition,
    )
  } finally {
    await table.close()
  }
}
