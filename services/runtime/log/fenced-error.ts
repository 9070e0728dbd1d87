import { GatewatchError } from '../errors.ts'

/** Another member has the group's partitions now. */
export function fencedError(group: string): GatewatchError {
  return new GatewatchError(
    'ERR_LOG_FENCED',
    `Another process is the owner of the group ${group} now: nothing more is written for it here.`,
  )
}
