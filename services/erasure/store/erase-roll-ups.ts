import { mutate, rowsOf, type Hashed, type StoreTarget } from './statements.ts'
import { quoted } from '../../runtime/clickhouse/quoted.ts'

/** Which columns name somebody, and what kind of entity; a subject's kind stands beside it. */
const IDENTITIES: Readonly<Record<string, string>> = {
  subject_id: 'subject',
  subject_session_id: 'session',
  device_id: 'device',
  context_ip: 'source',
  enrichment_source_prefix: 'source',
}
/** Columns that say something about whoever it was. */
const ATTRIBUTES = /^(?:subject_|device_|context_|enrichment_)/

/**
 * Roll-ups, which are found and not listed: any table that is counted from
 * decisions and has a column that names somebody loses the person's rows. One
 * that is only grouped by what decisions say of people (a device's tier) would
 * count erased decisions twice, as they were and as they are: of the days in
 * question its rows go, and storage counts them again, as it does with every day
 * to which something was written. Hashes of names in sets (32 bits, no key) stay.
 */
export async function eraseRollUps(
  target: StoreTarget,
  hashed: Hashed,
  days: readonly string[],
): Promise<number> {
  const { client, tenant, whole_from } = target
  const recent = days.filter((day) => day >= whole_from)
  const local = target.cluster === undefined ? '' : '_local'
  const tables = await rowsOf<{ table: string; columns: string[] }>(
    client,
    `SELECT replaceRegexpOne(table, {local:String}, '') AS table, groupArray(name) AS columns FROM system.columns
     WHERE database = currentDatabase() AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase()
       AND engine IN ('AggregatingMergeTree', 'ReplicatedAggregatingMergeTree'))
     GROUP BY table`,
    { local: local === '' ? '^$' : `${local}$` },
  )
  let erased = 0
  for (const { table, columns } of tables) {
    const where = [...named(columns, hashed), ...grouped(columns, recent)]
    if (where.length === 0 || !columns.includes('tenant')) continue
    const own = `tenant = ${quoted(tenant)} AND (${where.join(' OR ')})`
    const [row] = await rowsOf<{ n: number }>(client, `SELECT count() AS n FROM ${table} WHERE ${own}`)
    if ((row?.n ?? 0) === 0) continue
    await mutate(target, table, `DELETE WHERE ${own}`)
    erased += row?.n ?? 0
  }
  return erased
}

function named(columns: readonly string[], hashed: Hashed): string[] {
  return columns.flatMap((column) => {
    const type = IDENTITIES[column]
    if (type === undefined) return []
    const id =
      column === 'subject_id' && columns.includes('subject_type')
        ? `concat(subject_type, ':', subject_id)`
        : column
    return [`${hashed.of(quoted(type), id)} IN (${hashed.all.join(', ')})`]
  })
}

function grouped(columns: readonly string[], days: readonly string[]): string[] {
  const time = columns.includes('day') ? 'day' : columns.includes('hour') ? `toDate(hour, 'UTC')` : undefined
  const attributes = columns.filter((column) => ATTRIBUTES.test(column))
  if (time === undefined || attributes.length === 0 || days.length === 0) return []
  if (columns.includes('subject_id')) return []
  return [`${time} IN (${days.map((day) => `toDate(${quoted(day)})`).join(', ')})`]
}
