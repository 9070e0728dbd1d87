import { GatewatchError } from '../../runtime/errors.ts'

/** The source can't be read, or not on; `message` names the position and the remedy. */
export function sourceError(message: string, cause?: unknown): GatewatchError {
  return new GatewatchError('ERR_IMPORT_INPUT', message, cause === undefined ? {} : { cause })
}
