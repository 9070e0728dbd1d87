import { setTimeout as pause } from 'node:timers/promises'
import { accessDecisions, accessScored, type LogTopic } from '../../schemas/topics.ts'
import { endsOf } from '../runtime/log/ends-of.ts'
import type { EventLog } from '../runtime/log/event-log.ts'

const POLL_MS = 100

/**
 * Notes where the log of decisions ends now. The function that it resolves to
 * waits up to `within_ms` until all of that is scored and stored, and says
 * whether it is: only then is what the store lacks missing, and not on its way.
 * It goes by offsets alone, so no clock has a say.
 */
export async function noteArrival(eventLog: EventLog, within_ms: number): Promise<() => Promise<boolean>> {
  const decisions = await endsOf(eventLog, accessDecisions)
  let scored: ReadonlyMap<number, number> | null = null

  async function arrived(): Promise<boolean> {
    if (scored === null) {
      if (!(await isPast(eventLog, 'scoring', accessDecisions, decisions))) return false
      // What scoring made of these decisions was committed with its position.
      scored = await endsOf(eventLog, accessScored)
    }
    return isPast(eventLog, 'storage', accessScored, scored)
  }

  return async () => {
    for (const deadline = performance.now() + within_ms; ;) {
      if (await arrived()) return true
      if (performance.now() >= deadline) return false
      await pause(POLL_MS)
    }
  }
}

async function isPast(
  eventLog: EventLog,
  group: string,
  topic: LogTopic,
  ends: ReadonlyMap<number, number>,
): Promise<boolean> {
  const committed = await eventLog.committed(group, topic)
  return [...ends].every(([partition, end]) => (committed.get(partition) ?? 0) >= end)
}
