import { setTimeout as pause } from 'node:timers/promises'
import { accessDecisions, accessScored, deadLetterOf, type LogTopic } from '../../schemas/topics.ts'
import { endsOf } from '../runtime/log/ends-of.ts'
import type { EventLog } from '../runtime/log/event-log.ts'

const POLL_MS = 100

type Ends = ReadonlyMap<number, number>

/** What a group has made of the topics before, and who has to be past it. Outputs are committed with the position. */
const STAGES: readonly { readonly group: string; readonly topics: readonly LogTopic[] }[] = [
  { group: 'scoring', topics: [accessDecisions] },
  { group: 'storage', topics: [accessScored, deadLetterOf(accessDecisions)] },
  { group: 'storage', topics: [deadLetterOf(accessScored)] },
]

/**
 * Notes where the log of decisions ends now. The function that it resolves to
 * waits up to `within_ms` until all of that is scored and stored, as a row or as
 * a dead letter, and says whether it is: only then is what the store lacks
 * missing, and not on its way. To be noted after checkpoints were read: what
 * they sign is in the log before them. It goes by offsets alone, so no clock has a say.
 */
export async function noteArrival(eventLog: EventLog, within_ms: number): Promise<() => Promise<boolean>> {
  let past = 0
  let ends = await endsOfAll(eventLog, STAGES[past]?.topics ?? [])

  async function arrived(): Promise<boolean> {
    for (let stage; (stage = STAGES[past]) !== undefined;) {
      for (const [topic, those] of ends)
        if (!(await isPast(eventLog, stage.group, topic, those))) return false
      past += 1
      ends = await endsOfAll(eventLog, STAGES[past]?.topics ?? [])
    }
    return true
  }

  return async () => {
    for (const deadline = performance.now() + within_ms; ;) {
      if (await arrived()) return true
      if (performance.now() >= deadline) return false
      await pause(POLL_MS)
    }
  }
}

async function endsOfAll(
  eventLog: EventLog,
  topics: readonly LogTopic[],
): Promise<ReadonlyMap<LogTopic, Ends>> {
  const ends = new Map<LogTopic, Ends>()
  for (const topic of topics) ends.set(topic, await endsOf(eventLog, topic))
  return ends
}

async function isPast(eventLog: EventLog, group: string, topic: LogTopic, ends: Ends): Promise<boolean> {
  const committed = await eventLog.committed(group, topic)
  return [...ends].every(([partition, end]) => (committed.get(partition) ?? 0) >= end)
}
