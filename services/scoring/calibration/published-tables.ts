import type { CalibrationTable } from '../../../schemas/calibration.ts'
import type { Thresholds } from '../detector.ts'
import type { SegmentScores } from './segment-scores.ts'

/** A table says nothing before it rests on so many scores. */
export const LEAST_SCORES = 1000
const KNOTS_NATS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24] as const
const MOST_SCORE = 1e9

/** What is asked of scores that a table is published of. */
type Asked = Pick<SegmentScores, 'total' | 'scoreAt' | 'isExtrapolated'>

/** A detector's scores in one segment as they are published; undefined while too few are known. */
export function publishedTable(
  {
    id,
    version,
    thresholds,
  }: { readonly id: string; readonly version: number; readonly thresholds: Thresholds },
  segment: string,
  scores: Asked,
  nats: Thresholds | undefined,
  least = LEAST_SCORES,
): CalibrationTable | undefined {
  if (scores.total < least) return undefined
  const knots = knotsOf(scores)
  if (knots.length === 0) return undefined
  const medium = atLeast(thresholds.medium, scores, nats?.medium)
  const high = atLeast(thresholds.high, scores, nats?.high)
  return {
    detector: id,
    detector_version: version,
    segment,
    scores: Math.round(scores.total),
    medium: round(medium),
    high: round(Math.max(high, medium)),
    knots,
  }
}

/** Scores by how rare they are, as far as they differ: each with the rarest that it is. Where nothing was ever above 0, the least score is as rare as the count can say. */
export function knotsOf(scores: Asked): CalibrationTable['knots'] {
  const knots: CalibrationTable['knots'] = []
  for (const nats of KNOTS_NATS) {
    const score = scores.scoreAt(Math.exp(-nats))
    if (!Number.isFinite(score) || score > MOST_SCORE) continue
    const last = knots.at(-1)
    if (last !== undefined && score <= last.score) last.nats = nats
    else knots.push({ score: round(score), nats, extrapolated: scores.isExtrapolated(score) })
  }
  return knots
}

/** The score that is as rare as `nats` say, but not below what the detector declares. */
function atLeast(declared: number, scores: Asked, nats: number | undefined): number {
  const score = nats === undefined ? Infinity : scores.scoreAt(Math.exp(-nats))
  return Number.isFinite(score) ? Math.max(declared, score) : declared
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
