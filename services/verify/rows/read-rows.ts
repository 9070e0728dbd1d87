import { TupleParam, type ClickHouseClient } from '@clickhouse/client'
import { openDecisionRows, type Row } from '../../../schemas/clickhouse/decision-row.ts'
import { fromStoreInstant, toStoreInstant } from '../../../schemas/clickhouse/instant.ts'
import { parseDecision } from '../../../schemas/decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { accessDecisions, accessScored } from '../../../schemas/topics.ts'
import { linkOf, type Link } from './link.ts'
import { grouped, linked, type GroupKey, type RowGroup } from './row-groups.ts'
import { stretchAt } from './slices.ts'

/** Rows of one request: about 15 MB of text. */
const PAGE_ROWS = 10_000

export interface RowRange {
  /** Everything decided in here, both ends included, … */
  readonly from: string
  readonly to: string
  /** … and of these boots everything from here to there. */
  readonly boots: readonly { readonly pep_id: string; readonly boot_id: string }[]
  readonly boots_from: string
  readonly boots_to: string
}

/** Reads stored decisions in the order of their chains, a page at a time. */
export interface RowReader {
  read(range: RowRange): AsyncIterable<RowGroup>
  /** When the decisions of a stretch say that they were made; null: none is there. */
  times(stretch: Numbers): Promise<{ readonly from: string; readonly to: string } | null>
  /** Dead letters of a time that are decisions with one of these numbers; the numbers are in order, and none twice. */
  dead(
    numbers: readonly Numbers[],
    between: { readonly since: string; readonly until: string },
  ): Promise<Found>
  /** Records in which these enforcement points own up to numbers that are lost. */
  losses(pepIds: readonly string[], since: string): Promise<Found>
  /** Decisions that bear one of these numbers, whatever time they say they are of; at most `most`. */
  find(numbers: readonly Numbers[]): Promise<Link[]>
}

export interface Found {
  readonly links: readonly Link[]
  /** Whether that is all; else there was more than is looked through, and what is not in it may be there. */
  readonly whole: boolean
}

/** Some numbers of a boot, both ends included. */
export interface Numbers {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number
  readonly seq_to: number
}

const SEQ = 'toInt64(ifNull(pep_seq, -1))'
/** The engine's memory: a sort spills to disk before it takes more than this. */
const SPILL_BYTES = '134217728'
const MOST_FOUND = 1000
/** Ranges that are asked for at once: what lies beyond is missing in any case. */
const MOST_RANGES = 100
/** Dead letters of one request, up to 85 KB each, and all that are looked through. */
const PAGE_LETTERS = 250
const MOST_LETTERS = 50_000
/** Words that ClickHouse searches for at once. */
const MOST_WORDS = 255

export function rowReader(client: ClickHouseClient): RowReader {
  const rows = openDecisionRows()
  const toDecision = (row: Row): unknown => rows.toDecision(row)
  const columns = rows.decisionColumns.join(', ')

  async function select(where: string, order: string, params: Record<string, unknown>): Promise<Row[]> {
    const result = await client.query({
      query: `SELECT ${columns} FROM decisions WHERE ${where} ${order}`,
      query_params: params,
      format: 'JSONCompactEachRow',
      clickhouse_settings: {
        readonly: '1',
        output_format_json_quote_64bit_integers: 0,
        max_bytes_before_external_sort: SPILL_BYTES,
      },
    })
    const cells = await result.json<unknown[]>()
    return cells.map((row) => Object.fromEntries(rows.decisionColumns.map((name, n) => [name, row[n]])))
  }

  function pageOf(
    { from, to, boots, boots_from, boots_to }: RowRange,
    after: GroupKey | null,
    limit: number,
  ) {
    const where = [
      'decided_at >= {boots_from:DateTime64(3)} AND decided_at <= {boots_to:DateTime64(3)}',
      `((decided_at >= {from:DateTime64(3)} AND decided_at <= {to:DateTime64(3)}) OR (pep_id, pep_boot_id) IN {boots:Array(Tuple(String, String))})`,
      ...(after === null
        ? []
        : [`(pep_id, pep_boot_id, ${SEQ}) >= ({pep:String}, {boot:String}, {seq:Int64})`]),
    ]
    const params = {
      from: toStoreInstant(from),
      to: toStoreInstant(to),
      boots_from: toStoreInstant(boots_from < from ? boots_from : from),
      boots_to: toStoreInstant(boots_to > to ? boots_to : to),
      boots: boots.map((one) => new TupleParam([one.pep_id, one.boot_id])),
      ...after,
    }
    return select(where.join(' AND '), `ORDER BY pep_id, pep_boot_id, ${SEQ} LIMIT ${limit}`, params)
  }

  async function lettersAfter(
    after: Letter | null,
    boots: readonly string[],
    { since, until }: { readonly since: string; readonly until: string },
  ): Promise<Letter[]> {
    const result = await client.query({
      query: `SELECT topic, partition, offset, reason, value_base64 FROM dead_letters
              WHERE source_topic IN {topics:Array(String)} AND ingested_at BETWEEN {since:DateTime64(3)} AND {until:DateTime64(3)}
                AND (topic, partition, offset) > ({topic:String}, {partition:Int64}, {offset:Int64})
                AND multiSearchAny(base64Decode(value_base64), {boots:Array(String)})
              ORDER BY topic, partition, offset LIMIT ${PAGE_LETTERS}`,
      query_params: {
        topics: [accessDecisions.name, accessScored.name],
        since: toStoreInstant(since),
        until: toStoreInstant(until),
        topic: after?.topic ?? '',
        partition: after?.partition ?? -1,
        offset: after?.offset ?? -1,
        boots,
      },
      format: 'JSONEachRow',
      clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
    })
    return result.json<Letter>()
  }

  return {
    async *read(range) {
      let after: GroupKey | null = null
      for (let limit = PAGE_ROWS; ;) {
        const page: Row[] = await pageOf(range, after, limit)
        const groups = grouped(page)
        const whole = page.length < limit
        // The last group of a full page may go on in the next.
        const held = whole ? undefined : groups.pop()
        if (held !== undefined && groups.length === 0) {
          limit *= 2
          continue
        }
        for (const group of groups) yield linked(group, toDecision)
        if (held === undefined) return
        limit = PAGE_ROWS
        after = held.key
      }
    },
    async times({ pep_id, boot_id, seq_from, seq_to }) {
      const result = await client.query({
        query: `SELECT min(decided_at) AS first, max(decided_at) AS last, count() AS n FROM decisions
                WHERE pep_id = {pep:String} AND pep_boot_id = {boot:String} AND pep_seq BETWEEN {from:UInt64} AND {to:UInt64}`,
        query_params: { pep: pep_id, boot: boot_id, from: seq_from, to: seq_to },
        format: 'JSONEachRow',
        clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
      })
      const [row] = await result.json<{ first: string; last: string; n: number }>()
      if (!row || row.n === 0) return null
      return { from: fromStoreInstant(row.first), to: fromStoreInstant(row.last) }
    },
    async dead(numbers, between) {
      const links: Link[] = []
      const boots = [...new Set(numbers.map(({ boot_id }) => `"${boot_id}"`))]
      let seen = 0
      for (let first = 0; first < boots.length; first += MOST_WORDS) {
        const some = boots.slice(first, first + MOST_WORDS)
        for (let after: Letter | null = null; ;) {
          const page: Letter[] = await lettersAfter(after, some, between)
          for (const { reason, value_base64 } of page) {
            const link = linkOfLetter(value_base64, reason)
            if (link && stretchAt(numbers, link)) links.push(link)
          }
          after = page.at(-1) ?? null
          if (after === null || page.length < PAGE_LETTERS) break
          if ((seen += page.length) >= MOST_LETTERS) return { links, whole: false }
        }
      }
      return { links, whole: true }
    },
    async losses(pepIds, since) {
      const found = await select(
        `pep_id IN {peps:Array(String)} AND action_name = 'record' AND resource_type = 'event_log' AND decided_at >= {since:DateTime64(3)}
           AND position(unmapped, '"missing":[{') > 0`,
        `ORDER BY pep_id, pep_boot_id, ${SEQ} LIMIT ${MOST_FOUND}`,
        { peps: pepIds, since: toStoreInstant(since) },
      )
      const links = grouped(found).flatMap((group) => linked(group, toDecision).links)
      return { links, whole: found.length < MOST_FOUND }
    },
    async find(numbers) {
      const some = numbers.slice(0, MOST_RANGES)
      if (some.length === 0) return []
      const params: Record<string, unknown> = {}
      const where = some.map(({ pep_id, boot_id, seq_from, seq_to }, n) => {
        Object.assign(params, {
          [`p${n}`]: pep_id,
          [`b${n}`]: boot_id,
          [`f${n}`]: seq_from,
          [`t${n}`]: seq_to,
        })
        return `(pep_id = {p${n}:String} AND pep_boot_id = {b${n}:String} AND pep_seq BETWEEN {f${n}:UInt64} AND {t${n}:UInt64})`
      })
      const found = await select(
        where.join(' OR '),
        `ORDER BY pep_id, pep_boot_id, ${SEQ} LIMIT ${MOST_FOUND}`,
        params,
      )
      return grouped(found).flatMap((group) => linked(group, toDecision).links)
    },
  }
}

interface Letter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
  readonly value_base64: string
}

function linkOfLetter(base64: string, reason: string): Link | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    const decision = parseDecision(isRecord(value) && isRecord(value['decision']) ? value['decision'] : value)
    return decision.success ? linkOf(decision.data, reason) : null
  } catch {
    return null
  }
}

export function holds(numbers: Numbers, { pep_id, boot_id, seq }: Link): boolean {
  return (
    pep_id === numbers.pep_id &&
    boot_id === numbers.boot_id &&
    seq >= numbers.seq_from &&
    seq <= numbers.seq_to
  )
}
