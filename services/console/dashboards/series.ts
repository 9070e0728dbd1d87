/** A value as the store writes it in JSON. */
export type Cell = string | number | boolean | null | readonly (string | number)[]

/** Rows of one answer by columns, as the store gives them. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A line as it was asked for: its points by instant, in seconds since 1970. */
export interface Line {
  readonly name: string
  /** Which query of the panel it comes from, as definitions name it. */
  readonly ref_id: string
  readonly points: ReadonlyMap<number, number>
}

/** Lines over common instants (seconds since 1970); null where a line has no point. */
export interface SeriesSet {
  readonly times: readonly number[]
  readonly series: readonly {
    readonly name: string
    readonly ref_id: string
    readonly values: readonly (number | null)[]
  }[]
  /** Lines that were left out, since nobody can tell so many apart. */
  readonly left_out: number
}

/** Lines of one panel at most. */
const MOST_SERIES = 40

/** Rows with a column `time` as lines, as Grafana makes them: text columns name a line, each other column is one. */
export function linesOf({ columns, rows }: Rows, ref_id: string): Line[] {
  const time = columns.findIndex(({ name }) => name === 'time')
  const isText = columns.map(({ type }) => /^(LowCardinality\()?(Nullable\()?(String|Enum)/.test(type))
  const lines = new Map<string, Map<number, number>>()
  for (const row of rows) {
    const at = secondsOf(row[time])
    if (at === undefined) continue
    const label = columns.flatMap((_, i) => (i !== time && isText[i] === true ? [String(row[i])] : []))
    for (const [i, { name }] of columns.entries()) {
      if (i === time || isText[i] === true || row[i] === null) continue
      const line = label.length === 0 ? name : label.join(' ')
      const points = lines.get(line) ?? new Map<number, number>()
      lines.set(line, points)
      points.set(at, Number(row[i]))
    }
  }
  return [...lines].map(([name, points]) => ({ name, ref_id, points }))
}

/** Lines over the instants of all of them. The lines that are highest in sum stay, those of one query together. */
export function aligned(lines: readonly Line[]): SeriesSet {
  const weight = (points: ReadonlyMap<number, number>) =>
    [...points.values()].reduce((sum, value) => sum + Math.abs(value), 0)
  const queries = [...new Set(lines.map(({ ref_id }) => ref_id))]
  const kept = lines
    .map((line) => ({ ...line, weight: weight(line.points) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST_SERIES)
    .sort((a, b) => queries.indexOf(a.ref_id) - queries.indexOf(b.ref_id))
  const times = [...new Set(kept.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b)
  return {
    times,
    series: kept.map(({ name, ref_id, points }) => ({
      name,
      ref_id,
      values: times.map((at) => points.get(at) ?? null),
    })),
    left_out: Math.max(0, lines.length - kept.length),
  }
}

/** An instant of the store as seconds since 1970. */
export function secondsOf(value: Cell | undefined): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) / 1000 : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
