/** Stable codes: callers switch on these and never match text. */
export type ErrorCode =
  | 'ERR_CONFIG_INVALID'
  | 'ERR_POLICY_INVALID'
  | 'ERR_PORT_TAKEN'
  | 'ERR_DATA_DIR_VERSION'
  | 'ERR_DATA_DIR_IN_USE'
  | 'ERR_DISK_FULL'
  | 'ERR_UPSTREAM_UNREACHABLE'
  | 'ERR_IDENTITY_PROVIDER_UNREACHABLE'
  | 'ERR_LOG_CLOSED'
  | 'ERR_LOG_UNREACHABLE'
  | 'ERR_LOG_UNAVAILABLE'
  | 'ERR_LOG_DENIED'
  | 'ERR_LOG_FENCED'
  | 'ERR_RECORD_TOO_LARGE'
  | 'ERR_STORE_UNREACHABLE'
  | 'ERR_STORE_QUERY'
  | 'ERR_IMPORT_INPUT'
  | 'ERR_EVALUATE_INPUT'
  | 'ERR_BACKUP'
  | 'ERR_STATE_UNREADABLE'
  | 'ERR_REPLAY_CUT'
  | 'ERR_RANGE_TOO_LARGE'
  | 'ERR_USAGE'

/**
 * A fault with a stable code. `message` is one sentence that names the remedy;
 * `retriable` says whether the same call may succeed later without a change.
 */
export class GatewatchError extends Error {
  readonly code: ErrorCode
  readonly retriable: boolean

  constructor(code: ErrorCode, message: string, options: { retriable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewatchError'
    this.code = code
    this.retriable = options.retriable ?? false
  }
}
