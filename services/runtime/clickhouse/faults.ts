import { ClickHouseError } from '@clickhouse/client'
import { GatewatchError } from '../errors.ts'

/** A fault of the store as one sentence: refused by it (`ERR_STORE_QUERY`), or not reached (`ERR_STORE_UNREACHABLE`). */
export function storeFault(error: unknown): GatewatchError {
  if (error instanceof GatewatchError) return error
  if (error instanceof ClickHouseError)
    return new GatewatchError(
      'ERR_STORE_QUERY',
      `ClickHouse refused it: ${error.message.trim()} (${error.type ?? 'exception'}, code ${error.code})`,
      { cause: error },
    )
  const text = error instanceof Error ? error.message : String(error)
  return new GatewatchError(
    'ERR_STORE_UNREACHABLE',
    `ClickHouse can't be reached (${text}); check clickhouse.url, or 'gatewatch status' for the embedded one.`,
    { retriable: true, cause: error },
  )
}
