import { GatewatchError } from '../../errors.ts'
import { quoted } from '../quoted.ts'

/** An account that reads: everything, or the rows of one tenant. */
export interface Reader {
  /** Letters, digits and `_`: it becomes a name in SQL and in XML. */
  readonly name: string
  /** SHA-256 of its password, hexadecimal; nobody but Grafana has the password. */
  readonly password_sha256: string
  readonly tenant: string | null
}

export interface StoredTable {
  readonly name: string
  readonly has_tenant: boolean
}

/** Throws `ERR_USAGE` for what can't be an account. */
export function checkReader({ name, password_sha256 }: Reader): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
    throw new GatewatchError('ERR_USAGE', 'The name of an account is letters, digits and _, at most 64.')
  if (!/^[0-9a-f]{64}$/.test(password_sha256))
    throw new GatewatchError('ERR_USAGE', 'A SHA-256 is 64 hexadecimal digits.')
}

/**
 * What the reader may select. One of all tenants: the database. One of a tenant:
 * each table that says whose its rows are, and none that does not, so that a
 * table to come is closed until somebody says whose it is.
 */
export function grantsOf({ tenant }: Reader, database: string, tables: readonly StoredTable[]): string[] {
  if (tenant === null) return [`SELECT ON ${database}.*`]
  return tables.filter(({ has_tenant }) => has_tenant).map(({ name }) => `SELECT ON ${database}.${name}`)
}

/** The condition that a row must meet to be the reader's, as SQL, by table; none for one that sees all. */
export function rowsOf({ tenant }: Reader, tables: readonly StoredTable[]): ReadonlyMap<string, string> {
  if (tenant === null) return new Map()
  const own = tables.filter(({ has_tenant }) => has_tenant)
  return new Map(own.map(({ name }) => [name, `tenant = ${quoted(tenant)}`]))
}
