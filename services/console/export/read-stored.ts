import type { ClickHouseClient } from '@clickhouse/client'
import { z } from 'zod'
import { storeFault } from '../../runtime/clickhouse/faults.ts'
import { decisionReader } from '../cases/collect/decisions.ts'
import { toFinding } from '../store/findings.ts'
import { exportedDecision, exportedFinding, type Exported, type ExportClass } from './ocsf-records.ts'

/** The engine's memory: a sort spills to disk before it takes more than this. */
const SPILL_BYTES = '134217728'
const HOUR_MS = 3_600_000

export interface StoredRange {
  readonly tenant: string
  /** Event time, ms; `to` is not part of it. */
  readonly from_ms: number
  readonly to_ms: number
}

/** Some hours that are read at once. */
export interface StoredSpan {
  readonly from_ms: number
  readonly to_ms: number
  readonly count: number
}

/** Hours are read together until so many rows are: few questions, and none that sorts a day of a busy tenant. */
const SPAN_ROWS = 20_000

const TABLES: Readonly<
  Record<ExportClass, { readonly table: string; readonly time: string; readonly version: string }>
> = {
  findings: { table: 'findings', time: 'observed_at', version: 'revision' },
  decisions: { table: 'decisions', time: 'decided_at', version: 'ingested_at' },
}

const within = (time: string) =>
  `tenant = {tenant:String} AND ${time} >= fromUnixTimestamp64Milli({from:Int64}) AND ${time} < fromUnixTimestamp64Milli({to:Int64})`

/** The spans of a range that hold something, in order. */
export async function storedSpans(
  client: ClickHouseClient,
  of: ExportClass,
  { tenant, from_ms, to_ms }: StoredRange,
): Promise<StoredSpan[]> {
  const { table, time } = TABLES[of]
  const Hour = z.object({ at_ms: z.coerce.number(), count: z.coerce.number() })
  try {
    const answer = await client.query({
      query: `SELECT intDiv(toUnixTimestamp64Milli(${time}), ${HOUR_MS}) * ${HOUR_MS} AS at_ms, uniqExact(id) AS count
              FROM ${table} WHERE ${within(time)} GROUP BY at_ms ORDER BY at_ms`,
      query_params: { tenant, from: from_ms, to: to_ms },
      format: 'JSONEachRow',
    })
    return spansOf((await answer.json<unknown>()).map((row) => Hour.parse(row)))
  } catch (error) {
    throw storeFault(error)
  }
}

function spansOf(hours: readonly { readonly at_ms: number; readonly count: number }[]): StoredSpan[] {
  const spans: StoredSpan[] = []
  for (const { at_ms, count } of hours) {
    const last = spans.at(-1)
    const to_ms = at_ms + HOUR_MS
    if (last && last.count + count <= SPAN_ROWS)
      spans[spans.length - 1] = { from_ms: last.from_ms, to_ms, count: last.count + count }
    else spans.push({ from_ms: at_ms, to_ms, count })
  }
  return spans
}

/** What is stored of a span, as far as it lies in the range, in the order of event time; each once, in its newest revision. */
export async function* readSpan(
  client: ClickHouseClient,
  of: ExportClass,
  { tenant, from_ms, to_ms }: StoredRange,
  span: StoredSpan,
): AsyncGenerator<Exported[]> {
  const { table, time, version } = TABLES[of]
  const read = readerOf(of)
  try {
    const answer = await client.query({
      query: `SELECT * FROM ${table} WHERE ${within(time)} ORDER BY ${time}, id, ${version} DESC LIMIT 1 BY id`,
      query_params: {
        tenant,
        from: Math.max(from_ms, span.from_ms),
        to: Math.min(to_ms, span.to_ms),
      },
      format: 'JSONEachRow',
      clickhouse_settings: {
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
        max_bytes_before_external_sort: SPILL_BYTES,
      },
    })
    for await (const rows of answer.stream()) yield rows.map((row) => read(row.json()))
  } catch (error) {
    throw storeFault(error)
  }
}

function readerOf(of: ExportClass): (row: unknown) => Exported {
  if (of === 'findings') return (row) => exportedFinding(toFinding(row))
  const parse = decisionReader()
  return (row) => exportedDecision(parse(row))
}
