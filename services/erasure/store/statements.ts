import type { ClickHouseClient } from '@clickhouse/client'
import type { Names } from '../person.ts'
import { quoted } from '../../runtime/clickhouse/quoted.ts'

/** Where the person's rows are, and how statements reach them. */
export interface StoreTarget {
  readonly client: ClickHouseClient
  /** The cluster whose nodes all have the tables; statements then change the local ones on all of them. */
  readonly cluster: string | undefined
  readonly tenant: string
  /** The first day (`2026-01-31`) of which no decision has expired, so that its counts can be made again. */
  readonly whole_from: string
}

/** A mutation ends when every copy has done it, within an hour. */
const MUTATION = {
  mutations_sync: '2',
  alter_sync: '2',
  // Rows are found by hashes that don't change while it runs.
  max_execution_time: 3600,
} as const

/** The statement's beginning for the table that has the rows. */
function alter(table: string, cluster: string | undefined): string {
  return cluster === undefined
    ? `ALTER TABLE ${table}`
    : `ALTER TABLE ${table}_local ON CLUSTER ${quoted(cluster)}`
}

/** Runs a mutation to its end: the parts that it rewrites are replaced before this resolves. */
export async function mutate({ client, cluster }: StoreTarget, table: string, change: string): Promise<void> {
  await client.command({ query: `${alter(table, cluster)} ${change}`, clickhouse_settings: MUTATION })
}

export async function rowsOf<T>(
  client: ClickHouseClient,
  query: string,
  query_params: Record<string, unknown> = {},
): Promise<T[]> {
  const result = await client.query({
    query,
    query_params,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  return result.json<T>()
}

/** What ClickHouse searches for at once. */
const MOST_WORDS = 255

/** All words that lead to the person, in as many lists as it takes to search for them. */
export function wordLists({ entity_id, person, entities }: Names): readonly (readonly string[])[] {
  const words = [entity_id, person.subject.id, ...entities.slice(1).map(({ id }) => id)]
  return Array.from({ length: Math.ceil(words.length / MOST_WORDS) }, (_, n) =>
    words.slice(n * MOST_WORDS, (n + 1) * MOST_WORDS),
  )
}

/** Texts in a statement. Never used for names: a mutation's text stays in its table's directory for a while. */
export function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`
}

/**
 * How a mutation finds a person without saying who it is: by a keyed hash whose
 * key is thrown away. `of` makes the expression over columns that give a type
 * and an id.
 */
export interface Hashed {
  readonly subject: string
  /** Of all that is the person's. */
  readonly all: readonly string[]
  of(type: string, id: string): string
}

export async function hashedNames(
  { client }: StoreTarget,
  names: Names,
  key: readonly [string, string],
): Promise<Hashed> {
  const of = (type: string, id: string) =>
    `sipHash64Keyed((toUInt64(${key[0]}), toUInt64(${key[1]})), concat(${type}, '/', ${id}))`
  const rows = await rowsOf<{ hash: string }>(
    client,
    `SELECT toString(${of('t.1', 't.2')}) AS hash FROM (SELECT arrayJoin(arrayZip({types:Array(String)}, {ids:Array(String)})) AS t)`,
    { types: names.entities.map(({ type }) => type), ids: names.entities.map(({ id }) => id) },
  )
  const all = rows.map(({ hash }) => hash)
  return { subject: all[0] ?? '0', all, of }
}
