/** A value as the store writes it in JSON. */
export type Cell = string | number | boolean | null | readonly (string | number)[]

/** Rows of one answer by columns, as the store gives them. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Lines over common instants (seconds since 1970); null where a line has no point. */
export interface SeriesSet {
  readonly times: readonly number[]
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
  /** Lines that were left out, since nobody can tell so many apart. */
  readonly left_out: number
}

/** Lines of one panel at most. */
const MOST_SERIES = 40

/**
 * Turns rows with a column `time` into lines, as Grafana does: text columns
 * name a line, each other column is one. The lines that are highest in sum stay.
 */
export function seriesOf({ columns, rows }: Rows): SeriesSet {
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
  return aligned(lines)
}

/** Lines over the instants of all of them. */
export function aligned(lines: ReadonlyMap<string, ReadonlyMap<number, number>>): SeriesSet {
  const weight = (points: ReadonlyMap<number, number>) =>
    [...points.values()].reduce((sum, value) => sum + Math.abs(value), 0)
  const kept = [...lines]
    .map(([name, points]) => ({ name, points, weight: weight(points) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST_SERIES)
  const times = [...new Set(kept.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b)
  return {
    times,
    series: kept.map(({ name, points }) => ({ name, values: times.map((at) => points.get(at) ?? null) })),
    left_out: Math.max(0, lines.size - kept.length),
  }
}

function secondsOf(value: Cell | undefined): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) / 1000 : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
