import { readdir } from 'node:fs/promises'
import type { Objected } from '../../erasure/objections.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { rightsOf } from '../roles/rights.ts'

/** Groups whose members keep people in memory, and would write them again. */
export const { joins: IN_MEMORY } = rightsOf(['scoring', 'calibration', 'storage', 'feedback'])

/** Whoever scores, keeps risk or stores must be stopped, on any machine: what they hold in memory comes back otherwise. */
export async function refuseLiving(eventLog: EventLog): Promise<void> {
  for (const group of IN_MEMORY)
    if (await eventLog.hasMembers(group))
      throw new GatewatchError(
        'ERR_DATA_DIR_IN_USE',
        `The group ${group} is at work: stop scoring, calibration, storage and feedback on every machine, erase, and start them again (gateways go on).`,
        { retriable: true },
      )
}

/** A gateway that was killed has records that are in no log yet; they would come with the next start, by name. */
export async function spooled(directory: string): Promise<readonly Objected[]> {
  try {
    for (const entry of await readdir(directory, { withFileTypes: true, recursive: true }))
      if (entry.isFile() && entry.name.endsWith('.segment'))
        return [
          {
            why: 'spool_not_empty',
            text: 'the spool of the gateway holds records that are not in the log: start it once, so that they are delivered',
          },
        ]
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return []
}
