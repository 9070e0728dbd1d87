import type { Calibration } from '../../../schemas/calibration.ts'

type Knots = Calibration['tables'][number]['knots']

/** How rare as high a score is where nothing is wrong: p is exp(-nats). */
export interface Rarity {
  readonly nats: number
  readonly p: number
  /** A fitted tail says so: fewer scores than ten have been as high. */
  readonly extrapolated: boolean
}

/** Between two knots both are interpolated, above the last its own holds. Null: the table knows no score. */
export function rarityAt(knots: Knots, score: number): Rarity | null {
  const above = knots.findIndex((knot) => score < knot.score)
  const before = knots[above === -1 ? knots.length - 1 : above - 1]
  const next = above === -1 ? undefined : knots[above]
  if (before === undefined && next === undefined) return null
  const [from, least] = before === undefined ? [0, 0] : [before.score, before.nats]
  const share = next === undefined || next.score === from ? 0 : (score - from) / (next.score - from)
  const nats = next === undefined ? least : least + share * (next.nats - least)
  return { nats, p: Math.exp(-nats), extrapolated: before?.extrapolated ?? false }
}
