import { subjectCensus } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'

/** The most subjects counted in a tenant; beyond it the circuit breaker is stricter than it need be, never laxer. */
const MAX_SUBJECTS = 500_000

/**
 * How many subjects a tenant has: those that were permitted something at least
 * once. Invented names, as a spray tries them by the thousand, are never
 * permitted, so an attacker can't raise the circuit breaker's limit with them.
 */
export interface Census {
  count(tenant: string): number
  /** Whether the subject is counted already, or can't be for want of room. */
  settled(tenant: string, subject: string): boolean
  close(): Promise<void>
}

export async function openCensus(eventLog: EventLog): Promise<Census> {
  const table = await eventLog.openTable(subjectCensus)
  const subjects = new Map<string, Set<string>>()

  function take(key: string): void {
    const at = key.indexOf('/')
    const tenant = key.slice(0, at)
    let known = subjects.get(tenant)
    if (!known) subjects.set(tenant, (known = new Set()))
    if (known.size < MAX_SUBJECTS) known.add(key.slice(at + 1))
  }

  await table.caughtUp()
  const stop = table.follow(take)
  for (const [key] of table.entries()) take(key)
  return {
    count: (tenant) => subjects.get(tenant)?.size ?? 0,
    settled(tenant, subject) {
      const known = subjects.get(tenant)
      return known !== undefined && (known.has(subject) || known.size >= MAX_SUBJECTS)
    },
    async close() {
      stop()
      await table.close()
    },
  }
}
