import type { ClickHouseClient } from '@clickhouse/client'
import type { RollUp } from './roll-ups.ts'

/** A part of a day that one statement rolls up: its parameters, by their names in SQL. */
export interface Piece {
  /** From the beginning of a second up to another's, as `2026-01-31 00:00:00`. */
  readonly since: string
  readonly until: string
  /** Values of the column that the roll-up is cut by: from this one on, and below that; '' is without end. */
  readonly from: string
  readonly beyond: string
}

/** A day and its size. */
export interface DayToCut {
  readonly tenant: string
  readonly day: string
  readonly rows: number
}

/** Most pieces of one table's day: each reads the key of all of it, where the key is not the decisions'. */
const MOST_PIECES = 2_048
/** Values that are looked at for each piece: its size is then right within some half. */
const SAMPLES = 16

/** Where a piece ends, in the form in which that is written down; the last one's end is ''. */
export function endOf(rollUp: RollUp, piece: Piece, day: string): string {
  if (rollUp.by !== 'hour') return piece.beyond
  return piece.until === nextDay(day) ? '' : piece.until
}

/**
 * Cuts a day into pieces of some `most` decisions, in order, beginning behind
 * `after`, which an earlier call's `endOf` said. By hours a piece is an hour
 * however much it holds; by a column, all of one value, the busiest subject say,
 * stays together.
 */
export async function piecesOf(
  client: ClickHouseClient,
  rollUp: RollUp,
  { tenant, day, rows }: DayToCut,
  { after, most }: { readonly after: string; readonly most: number },
): Promise<readonly Piece[]> {
  const whole = { since: `${day} 00:00:00`, until: nextDay(day), from: '', beyond: '' }
  if (rollUp.by === 'hour') {
    const hours = rows <= most ? [whole] : hoursOf(day)
    return hours.filter(({ since }) => since >= after)
  }
  const rest = { ...whole, from: after }
  const count = Math.min(MOST_PIECES, Math.ceil(rows / most))
  if (count <= 1) return [rest]
  const result = await client.query({
    query: `SELECT arraySort(groupArraySample(${count * SAMPLES}, 1)(toString(${rollUp.by}))) AS sample FROM decisions
      WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')`,
    query_params: { tenant, since: whole.since, until: whole.until },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ sample: string[] }>()
  const sample = row?.sample ?? []
  const ends = new Set<string>()
  for (let index = 1; index < count; index++) {
    const end = sample[Math.floor((index * sample.length) / count)]
    if (end !== undefined && bytewise(end, after) > 0) ends.add(end)
  }
  const beyond = [...ends, '']
  return beyond.map((end, index) => ({ ...whole, from: beyond[index - 1] ?? after, beyond: end }))
}

function hoursOf(day: string): readonly Piece[] {
  const clock = (hour: number) =>
    hour === 24 ? nextDay(day) : `${day} ${String(hour).padStart(2, '0')}:00:00`
  return Array.from({ length: 24 }, (_, hour) => ({
    since: clock(hour),
    until: clock(hour + 1),
    from: '',
    beyond: '',
  }))
}

function nextDay(day: string): string {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000)
  return `${next.toISOString().slice(0, 10)} 00:00:00`
}

/** As the engine orders texts, which is not as JavaScript does. */
function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
