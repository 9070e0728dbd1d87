import { GENESIS, personalHash } from '../../../schemas/chain.ts'
import { openDecisionRows, type Row } from '../../../schemas/clickhouse/decision-row.ts'
import { laterOf, parseDecision } from '../../../schemas/decision.ts'
import { erasedDecision } from '../../../schemas/erased-decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { ERASED } from '../../../schemas/scrub.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Names } from '../person.ts'
import { eraseRollUps } from './erase-roll-ups.ts'
import { mutate, rowsOf, type Hashed, type StoreTarget } from './statements.ts'
import { quoted } from '../../runtime/clickhouse/quoted.ts'

/** Rows of one insert: an array of as many ids and hashes goes with the statement. */
const PAGE = 2_000

/** Columns that tell of the person, by how their names begin; one that a later migration adds is covered. */
const PERSONAL = ['subject_', 'device_', 'context_', 'enrichment_source_', 'enrichment_user_agent_']
const KEPT = new Set(['subject_type'])
/** Where nothing is said with a word. */
const NAMED: Readonly<Record<string, string>> = {
  subject_id: quoted(ERASED),
  enrichment_source_network_kind: quoted('unknown'),
}

/**
 * Decisions: each gets a twin without its person, then the original is deleted.
 * A subject is in the sort key, and a key is not updated.
 *
 * The order makes it repeatable: twins first, so that nothing is lost when it
 * dies between, and a twin that is written again replaces itself. The deletion is a
 * mutation that rewrites parts, not a mark on rows: when it has ended, the bytes
 * are in no living part.
 */
export async function eraseDecisions(
  target: StoreTarget,
  names: Names,
  hashed: Hashed,
  told: (done: number, all: number) => void,
): Promise<number> {
  const { client, tenant } = target
  const where = ownRows(names)
  const [count] = await rowsOf<{ n: number }>(
    client,
    `SELECT count() AS n FROM decisions WHERE ${where.sql}`,
    where.params,
  )
  const all = count?.n ?? 0
  if (all === 0) {
    // Roll-ups keep longer than decisions.
    await eraseRollUps(target, hashed, [])
    return 0
  }
  const replaced = await replacements(target)
  const rows = openDecisionRows()
  let done = 0
  for (let after = ''; ;) {
    const page = await rowsOf<Row>(
      client,
      `SELECT ${rows.decisionColumns.join(', ')} FROM decisions WHERE ${where.sql} AND id > {after:String} ORDER BY id LIMIT 1 BY id LIMIT ${PAGE}`,
      { ...where.params, after },
    )
    const last = page.at(-1)?.['id']
    if (typeof last !== 'string') break
    const kept = page.map((row) => keptOf(row, rows.toDecision(row)))
    await client.command({
      // In a query of its own: names that REPLACE gives would count in WHERE.
      query: `INSERT INTO decisions SELECT * REPLACE (${replaced}) FROM (
                SELECT * FROM decisions WHERE ${where.sql} AND id IN {ids:Array(String)} ORDER BY ingested_at LIMIT 1 BY id)`,
      query_params: {
        ...where.params,
        ids: kept.map(({ id }) => id),
        hashes: kept.map(({ personal_hash }) => personal_hash),
        unmapped: kept.map(({ unmapped }) => unmapped),
      },
      clickhouse_settings: {
        // A twin is the same however often it is written, and its block is nobody's repeat.
        insert_deduplicate: 0,
        max_partitions_per_insert_block: '2000',
        ...(target.cluster !== undefined && { distributed_foreground_insert: 1, insert_quorum: 'auto' }),
      },
    })
    after = last
    told((done += page.length), Math.max(done, all))
  }
  await proveTwins(target, where)
  // While the originals still tell the days; twins have told storage to count them again.
  const days = await rowsOf<{ day: string }>(
    client,
    `SELECT DISTINCT toString(toDate(decided_at, 'UTC')) AS day FROM decisions WHERE ${where.sql}`,
    where.params,
  )
  await eraseRollUps(
    target,
    hashed,
    days.map(({ day }) => day),
  )
  const own = `${hashed.of(`'subject'`, `concat(subject_type, ':', subject_id)`)} = ${hashed.subject}`
  const addresses = `(subject_type = 'anonymous' AND ${hashed.of(`'source'`, 'context_ip')} IN (${hashed.all.join(', ')}))`
  await mutate(target, 'decisions', `DELETE WHERE tenant = ${quoted(tenant)} AND (${own} OR ${addresses})`)
  return all
}

/** Nothing is deleted that has no twin: a decision less would break the chain for ever. */
async function proveTwins({ client, tenant }: StoreTarget, where: ReturnType<typeof ownRows>): Promise<void> {
  const [row] = await rowsOf<{ n: number }>(
    client,
    `SELECT uniqExact(id) AS n FROM decisions WHERE ${where.sql}
       AND id NOT IN (SELECT id FROM decisions WHERE tenant = {tenant:String} AND subject_id = {erased:String})`,
    { ...where.params, tenant, erased: ERASED },
  )
  if ((row?.n ?? 0) > 0)
    throw new GatewatchError(
      'ERR_STORE_QUERY',
      `${row?.n} decisions could not be stored without their person; nothing was deleted.`,
    )
}

function ownRows({ person }: Names): { sql: string; params: Record<string, unknown> } {
  const { tenant, subject, addresses } = person
  return {
    sql: `tenant = {tenant:String} AND ((subject_id = {subject:String} AND subject_type = {type:String})
          OR (subject_type = 'anonymous' AND context_ip IN {addresses:Array(String)}))`,
    params: { tenant, subject: subject.id, type: subject.type, addresses },
  }
}

/** What stays of a row and is not in it as it is. */
function keptOf(row: Row, value: unknown): { id: string; personal_hash: string; unmapped: string } {
  const id = String(row['id'])
  const kept = row['chain_personal_hash']
  const salt = row['chain_salt']
  const unmapped = row['unmapped']
  const parsed = parseDecision(withHashes(value))
  // A row that was tampered with beyond reading can't be proven in any case.
  if (!parsed.success) return { id, personal_hash: typeof kept === 'string' ? kept : '', unmapped: '' }
  const decision = parsed.data
  const later =
    typeof unmapped === 'string' && unmapped !== '' ? laterOf(erasedDecision(decision)) : undefined
  return {
    id,
    personal_hash:
      typeof kept === 'string' && kept !== ''
        ? kept
        : typeof salt === 'string' && salt !== ''
          ? personalHash(decision, salt)
          : '',
    unmapped: later === undefined ? '' : JSON.stringify({ later }),
  }
}

/** A row keeps few of its link's hashes, and an event must have them; what they are does not matter here. */
function withHashes(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value['chain'])) return value
  return { ...value, chain: { prev: GENESIS, hash: GENESIS, ...value['chain'] } }
}

/** Each personal column as one that was never there. */
async function replacements({ client }: StoreTarget): Promise<string> {
  const columns = await rowsOf<{ name: string }>(
    client,
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'decisions' AND default_kind IN ('', 'DEFAULT') ORDER BY position`,
  )
  const empty = columns
    .map(({ name }) => name)
    .filter((name) => PERSONAL.some((start) => name.startsWith(start)) && !KEPT.has(name))
    .map((name) => `${NAMED[name] ?? `defaultValueOfArgumentType(${name})`} AS ${name}`)
  const start = PERSONAL.map((prefix) => `startsWith(f, ${quoted(prefix)})`).join(' OR ')
  return [
    ...empty,
    `'' AS policy_inputs`,
    `'' AS chain_salt`,
    `transform(id, {ids:Array(String)}, {hashes:Array(String)}, '') AS chain_personal_hash`,
    `transform(id, {ids:Array(String)}, {unmapped:Array(String)}, '') AS unmapped`,
    `arrayFilter(f -> NOT (${start} OR f IN ('device', 'context', 'context_http', 'unmapped', 'policy_inputs')), empty_fields) AS empty_fields`,
  ].join(', ')
}
