import { setTimeout as sleep } from 'node:timers/promises'
import { GatewatchError } from '../errors.ts'
import type { EventLog } from './event-log.ts'

const LOOK_MS = 250

/**
 * Resolves when no process runs a role that must see everything, whose group is
 * named as it is. A log over the network can't tell a process that was killed from
 * one that is slow until its session has timed out, so a successor waits up to
 * `patience_ms` before it says that another one runs.
 */
export async function soleMember(eventLog: EventLog, role: string, patience_ms: number): Promise<void> {
  for (const deadline = performance.now() + patience_ms; await eventLog.hasMembers(role);) {
    if (performance.now() >= deadline)
      throw new GatewatchError(
        'ERR_DATA_DIR_IN_USE',
        `Another process runs the ${role} role on this event log; stop that one first.`,
      )
    await sleep(LOOK_MS)
  }
}
