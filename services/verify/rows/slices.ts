import { compareStretches, type Stretch } from './stretch.ts'

/** A piece of time, and the stretches that are checked whole with it. */
export interface Slice {
  /** Both ends included; slices tile the range, so that no decision lies between two. */
  readonly from: string
  readonly to: string
  /** In the order of the store's rows. */
  readonly stretches: readonly Stretch[]
}

/**
 * Cuts a range into slices of about `rows` decisions. A stretch belongs to the
 * slice in which its last decision lies; one that ends after the range belongs
 * to the last slice.
 */
export function slicesOf(
  range: { readonly from: string; readonly to: string },
  stretches: readonly Stretch[],
  rows: number,
): Slice[] {
  const byEnd = [...stretches].sort((a, b) => (a.decided_to < b.decided_to ? -1 : 1))
  const slices: Slice[] = []
  let from = range.from
  let some: Stretch[] = []
  let held = 0
  for (const [index, stretch] of byEnd.entries()) {
    some.push(stretch)
    held += stretch.seq_to - stretch.seq_from + 1
    const next = byEnd[index + 1]
    if (held < rows || next === undefined || next.decided_to === stretch.decided_to) continue
    if (stretch.decided_to < from || next.decided_to > range.to) continue
    slices.push({ from, to: stretch.decided_to, stretches: some.sort(compareStretches) })
    from = after(stretch.decided_to)
    some = []
    held = 0
  }
  slices.push({ from, to: range.to, stretches: some.sort(compareStretches) })
  return slices
}

/** Stretches without those that a later checkpoint of the same boot covers as well: their boot was thought over, and went on. */
export function withoutShadows(stretches: readonly Stretch[]): Stretch[] {
  const sorted = [...stretches].sort(compareStretches)
  return sorted.filter((stretch, index) => {
    const next = sorted[index + 1]
    const overlaps =
      next?.pep_id === stretch.pep_id && next.boot_id === stretch.boot_id && next.seq_from <= stretch.seq_to
    return !(stretch.derived && overlaps)
  })
}

/** The stretch, or other range of numbers, that holds a number, in a list that `compareStretches` has sorted. */
export function stretchAt<T extends Pick<Stretch, 'pep_id' | 'boot_id' | 'seq_from' | 'seq_to'>>(
  stretches: readonly T[],
  at: { readonly pep_id: string; readonly boot_id: string; readonly seq: number },
): T | undefined {
  const probe = { ...at, seq_from: at.seq }
  let low = 0
  let high = stretches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const stretch = stretches[middle]
    if (stretch && compareStretches(stretch, probe) <= 0) low = middle + 1
    else high = middle
  }
  const found = stretches[low - 1]
  const holds = found?.pep_id === at.pep_id && found.boot_id === at.boot_id && found.seq_to >= at.seq
  return holds ? found : undefined
}

function after(instant: string): string {
  return new Date(Date.parse(instant) + 1).toISOString()
}
