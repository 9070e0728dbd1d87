import { PolicyRevision } from '../../../schemas/policy.ts'
import { policyRevisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

/** Who is never restricted: those that the configuration names, and those that a policy in force names. */
export interface BreakGlassList {
  has(tenant: string, subjectEntityId: string): boolean
  close(): Promise<void>
}

/** Follows the policies in force. A revision that can't be read changes nothing: the one before goes on counting. */
export async function openBreakGlassList(
  eventLog: EventLog,
  configured: readonly string[],
): Promise<BreakGlassList> {
  const always = new Set(configured)
  const byPolicy = new Map<string, ReadonlySet<string>>()
  const table = await eventLog.openTable(policyRevisions)

  function take(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) {
      byPolicy.delete(key)
      return
    }
    const revision = readRecord(PolicyRevision, { value })
    if (revision) byPolicy.set(key, new Set(revision.document.break_glass))
  }

  await table.caughtUp()
  const stop = table.follow(take)
  for (const [key, value] of table.entries()) take(key, value)
  return {
    has(tenant, subject) {
      if (always.has(subject)) return true
      for (const [key, subjects] of byPolicy)
        if (key.startsWith(`${tenant}/`) && subjects.has(subject)) return true
      return false
    },
    async close() {
      stop()
      await table.close()
    },
  }
}
