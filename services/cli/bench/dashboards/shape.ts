/** Decisions of an hour, or of an even part of one: as many rows, spread over it. */
export interface Hour {
  readonly startS: number
  readonly spanS: number
  readonly rows: number
}

/** What one INSERT generates: consecutive rows of consecutive hours, all of one week. */
export interface Piece {
  readonly index: number
  /** Number of its first row; rows are numbered over the whole time. */
  readonly first: number
  readonly rows: number
  /** Number of the first row of the week: gateways start anew each week. */
  readonly weekFirst: number
  readonly week: number
  readonly hours: readonly Hour[]
}

/** What is promised is promised for so long a time. */
const DAYS = 90
const HOUR_S = 3600
/** Rows of a piece: what the engine sorts within the memory that a statement may take. */
const PIECE_ROWS = 65_536
/** Share of the day's decisions by hour, UTC: an office of several time zones, and machines by night. */
const BY_HOUR = [2, 2, 2, 2, 2, 3, 5, 9, 12, 13, 13, 12, 11, 12, 13, 12, 11, 9, 6, 4, 3, 3, 2, 2] as const
/** Monday first. */
const BY_WEEKDAY = [1.05, 1.1, 1.1, 1.05, 1, 0.35, 0.3] as const

/** Cuts `rows` decisions over the days before `endS` (a full hour) into pieces, as people and machines are at work. */
export function piecesOf(rows: number, endS: number, days = DAYS): readonly Piece[] {
  const startS = endS - days * 24 * HOUR_S
  const starts = Array.from({ length: days * 24 }, (_, hour) => startS + hour * HOUR_S)
  const weights = starts.map(weightOf)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const pieces: Piece[] = []
  let piece: { first: number; rows: number; week: number; hours: Hour[] } | null = null
  let first = 0
  let weighed = 0
  let weekFirst = 0
  const cut = () => {
    if (piece !== null && piece.rows > 0) pieces.push({ ...piece, index: pieces.length, weekFirst })
    piece = null
  }
  for (const [index, at] of starts.entries()) {
    weighed += weights[index] ?? 0
    const upTo = Math.round((rows * weighed) / total)
    const week = Math.floor(index / (7 * 24))
    const dayAndMonth = new Date(at * 1000)
    const beginsWeek = index % (7 * 24) === 0
    const beginsMonth = dayAndMonth.getUTCDate() === 1 && dayAndMonth.getUTCHours() === 0
    // An hour that is too large by itself is cut into even parts.
    const parts = Math.max(1, Math.ceil((upTo - first) / PIECE_ROWS))
    for (let part = 0; part < parts; part++) {
      const next = first + Math.round((upTo - first) / (parts - part))
      const spanS = HOUR_S / parts
      const full = piece !== null && piece.rows + next - first > PIECE_ROWS
      if (full || (part === 0 && (beginsWeek || beginsMonth))) cut()
      if (beginsWeek && part === 0) weekFirst = first
      piece ??= { first, rows: 0, week, hours: [] }
      piece.hours.push({ startS: at + part * spanS, spanS, rows: next - first })
      piece.rows += next - first
      first = next
    }
  }
  cut()
  return pieces
}

function weightOf(atS: number): number {
  const date = new Date(atS * 1000)
  return (BY_HOUR[date.getUTCHours()] ?? 1) * (BY_WEEKDAY[(date.getUTCDay() + 6) % 7] ?? 1)
}
