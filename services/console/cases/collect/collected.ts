/** Rows of one kind of a case, how many more there are, and where there are more, what asks for all of them. */
export interface Collected<T> {
  readonly left_out: number
  readonly statement?: string
  readonly rows: readonly T[]
}

/** A question can be longer than a case may say it, as with thousands of ids: it is left out then. */
const MOST_STATEMENT = 65_536

export function collected<T>(rows: readonly T[], all: number, statement: () => string): Collected<T> {
  if (all <= rows.length) return { left_out: 0, rows }
  const text = statement()
  return { left_out: all - rows.length, ...(text.length <= MOST_STATEMENT && { statement: text }), rows }
}
