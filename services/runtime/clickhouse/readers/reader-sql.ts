import { quoted } from '../quoted.ts'
import { type Limit, READER_LIMITS, READER_PROFILE } from './limits.ts'
import { checkReader, grantsOf, type Reader, rowsOf, type StoredTable } from './reader.ts'

export interface ReaderSqlOptions {
  readonly database: string
  /** The account that Gatewatch itself writes with. */
  readonly writer: string
  readonly reader: Reader
  readonly tables: readonly StoredTable[]
  readonly cluster?: string | undefined
}

/**
 * The statements that make, or make anew, a reading account: profile, account,
 * grants, row policies. For a server whose accounts are kept by SQL
 * (`access_management`); each may be repeated.
 *
 * As soon as a table has a policy, a server may show others no row of it
 * (`users_without_row_policies_can_read_rows`), so the writer gets one of its
 * own that hides nothing. Readers of all tenants need the same, and get it.
 */
export function readerStatements(options: ReaderSqlOptions): string[] {
  const { database, writer, reader, tables, cluster } = options
  checkReader(reader)
  const on = cluster === undefined ? '' : ` ON CLUSTER ${quoted(cluster)}`
  const filters = rowsOf(reader, tables)
  const policy = (name: string, table: string, filter: string, to: string) =>
    `CREATE ROW POLICY OR REPLACE ${name}${on} ON ${database}.${table} FOR SELECT USING ${filter} TO ${to}`
  const own = tables
    .filter(({ has_tenant }) => has_tenant)
    .map(({ name }) => policy(`${reader.name}_rows`, name, filters.get(name) ?? '1', reader.name))
  const others = [...filters.keys()].map((name) => policy('gatewatch_writer_rows', name, '1', writer))
  return [
    `CREATE SETTINGS PROFILE OR REPLACE ${READER_PROFILE}${on} SETTINGS ${READER_LIMITS.map(clause).join(', ')}`,
    `CREATE USER OR REPLACE ${reader.name}${on} IDENTIFIED WITH sha256_hash BY '${reader.password_sha256}' DEFAULT DATABASE ${database} SETTINGS PROFILE '${READER_PROFILE}'`,
    // Policies before grants: no moment in which the account reads what is not its own.
    ...others,
    ...own,
    ...grantsOf(reader, database, tables).map((grant) => `GRANT${on} ${grant} TO ${reader.name}`),
  ]
}

function clause({ setting, value, least, most }: Limit): string {
  const start = `${setting} = ${typeof value === 'number' ? value : quoted(value)}`
  return least === undefined || most === undefined ? `${start} CONST` : `${start} MIN ${least} MAX ${most}`
}
