import { ClickHouseError } from '@clickhouse/client'
import { GatewatchError } from '../errors.ts'

/** Codes of ClickHouse's ErrorCodes.cpp: no such user, wrong password, none given, no way in from here. */
const DENIED = new Set(['192', '193', '194', '195', '516'])
const TLS = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/

/** A fault of the store as one sentence: refused by it (`ERR_STORE_QUERY`), or not reached (`ERR_STORE_UNREACHABLE`). */
export function storeFault(error: unknown): GatewatchError {
  if (error instanceof GatewatchError) return error
  if (error instanceof ClickHouseError && DENIED.has(error.code))
    return new GatewatchError(
      'ERR_STORE_QUERY',
      'ClickHouse does not let us in; correct clickhouse.username and clickhouse.password_file.',
      { cause: error },
    )
  if (error instanceof ClickHouseError)
    return new GatewatchError(
      'ERR_STORE_QUERY',
      `ClickHouse refused it: ${error.message.trim()} (${error.type ?? 'exception'}, code ${error.code})`,
      { cause: error },
    )
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (TLS.test(code))
    return new GatewatchError(
      'ERR_STORE_QUERY',
      `The secure connection to ClickHouse fails (${code}); correct clickhouse.ssl, or the server's certificate.`,
      { cause: error },
    )
  return new GatewatchError(
    'ERR_STORE_UNREACHABLE',
    `ClickHouse can't be reached (${text}); check clickhouse.url, or 'gatewatch status' for the embedded one.`,
    { retriable: true, cause: error },
  )
}
