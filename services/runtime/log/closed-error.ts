import { GatewatchError } from '../errors.ts'

/** What every call says after `close`. */
export function closedError(): GatewatchError {
  return new GatewatchError('ERR_LOG_CLOSED', 'The event log has been closed; open it again to use it.')
}
