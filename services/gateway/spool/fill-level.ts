/** How full a spool is, as far as people must hear of it. */
export type FillLevel = 'calm' | 'half' | 'four_fifths' | 'full'

const ORDER: readonly FillLevel[] = ['calm', 'half', 'four_fifths', 'full']
/** From where a level holds, and below what it is over again: a spool at the border must not ring at each decision. */
const BOUNDS = { half: [0.5, 0.4], four_fifths: [0.8, 0.7], full: [1, 0.9] } as const

/** The level at `ratio`, of what may be used, after having been at `before`. */
export function fillLevel(before: FillLevel, ratio: number): FillLevel {
  let level: FillLevel = 'calm'
  for (const next of ['half', 'four_fifths', 'full'] as const) {
    const [from, until] = BOUNDS[next]
    if (ratio >= from || (isAtLeast(before, next) && ratio >= until)) level = next
  }
  return level
}

export function isAtLeast(level: FillLevel, other: FillLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(other)
}
