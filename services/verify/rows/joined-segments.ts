import type { Segment } from './chain-walk.ts'

/**
 * Joins segments that meet at numbers which only the log has (`logged`), where
 * these do not give their own hash: what they say of the hash before them is
 * then as doubtful as they are. Segments come in the order of their numbers.
 */
export function joinedSegments(segments: readonly Segment[], logged: ReadonlySet<number>): Segment[] {
  const joined: Segment[] = []
  for (const segment of segments) {
    const last = joined.at(-1)
    const meet =
      last !== undefined &&
      rowsIn(last.seq_to + 1, segment.seq_from - 1, logged) === 0 &&
      (hasLogged(last, logged) || hasLogged(segment, logged))
    if (meet)
      joined[joined.length - 1] = {
        ...last,
        seq_to: Math.max(last.seq_to, segment.seq_to),
        hash: segment.hash,
      }
    else joined.push(segment)
  }
  return joined
}

/** How many of these numbers the store has, none of them being in a hole that the log does not fill. */
export function rowsIn(seq_from: number, seq_to: number, logged: ReadonlySet<number>): number {
  let rows = 0
  for (let seq = seq_from; seq <= seq_to; seq++) if (!logged.has(seq)) rows += 1
  return rows
}

function hasLogged({ seq_from, seq_to }: Segment, logged: ReadonlySet<number>): boolean {
  return rowsIn(seq_from, seq_to, logged) < seq_to - seq_from + 1
}
