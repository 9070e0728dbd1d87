import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  analystVerdicts,
  isDeadLetter,
  policyEffects,
  ruleMatches,
  sourceScores,
  type LogTopic,
} from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import type { RecordDeletion } from '../runtime/log/kafka/admin/delete-records.ts'

/** Where the newest record of a person lies: by topic and partition, the offset after it. */
export type Places = ReadonlyMap<LogTopic, ReadonlyMap<number, number>>

/** Why records of a topic stay until they expire. */
export interface HeldBack {
  readonly topic: string
  /** Groups that have not read so far. */
  readonly groups: readonly string[]
}

export interface Deleted {
  /** Names of topics. */
  readonly deleted: ReadonlySet<string>
  readonly held_back: readonly HeldBack[]
}

/** Who must have read a topic for what follows from it to be in state and store, whether or not it ever read any of it. */
const READERS: ReadonlyMap<string, readonly string[]> = new Map([
  [accessDecisions.name, ['scoring']],
  [accessActivity.name, ['scoring-source']],
  [policyEffects.name, ['scoring-policy']],
  [ruleMatches.name, ['scoring-rule-matches']],
  [sourceScores.name, ['calibration']],
  [accessScored.name, ['storage', 'calibration']],
  [accessFindings.name, ['storage', 'feedback', 'calibration']],
  [analystVerdicts.name, ['storage', 'feedback', 'calibration']],
])

/**
 * Deletes from the topics that are kept by time whatever lies before the newest
 * record of a person, everybody else's with it: as if their time had come. Only
 * what every reader is past: its own rows are erased by then, the others' are in
 * the store, where days are rolled up from and the chain is proven from.
 */
export async function deleteRecords(
  eventLog: Pick<EventLog, 'committed' | 'watermarks'>,
  deletion: RecordDeletion,
  places: Places,
): Promise<Deleted> {
  const deleted = new Set<string>()
  const held_back: HeldBack[] = []
  for (const [topic, before] of places) {
    const groups = new Set(await deletion.behind(topic, before))
    for (const group of READERS.get(topic.name) ?? (isDeadLetter(topic) ? ['storage'] : [])) {
      const read = await eventLog.committed(group, topic)
      if ([...before].some(([partition, offset]) => (read.get(partition) ?? 0) < offset)) groups.add(group)
    }
    if (groups.size > 0) held_back.push({ topic: topic.name, groups: [...groups].toSorted() })
    else {
      await deletion.deleteBefore(topic, before)
      deleted.add(topic.name)
    }
  }
  return { deleted, held_back }
}
