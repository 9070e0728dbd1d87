import { clamp } from './clamp.ts'

/** Above what airliners fly. */
const PLAUSIBLE_KMH = 800
/** Below this, places are not told apart well enough. */
const LEAST_KM = 500
const SLACK_KM = 50
const LEAST_MS = 60_000

/** How far two places are apart for certain: less both radii and 50 km. */
export function certainDistance(km: number, radius1: number, radius2: number): number {
  return Math.max(0, km - radius1 - radius2 - SLACK_KM)
}

/**
 * Graded log-odds that nobody travelled so: clamp((ln v - ln 800) / 0.5, 0, 3),
 * with v in km/h over at least a minute; 0 below 500 km.
 *
 * @example travelStrangeness(5_850, 3_600_000) // 3
 * @example travelStrangeness(1_319, 3_600_000) // 1.0
 * @example travelStrangeness(450, 60_000) // 0
 */
export function travelStrangeness(certainKm: number, elapsedMs: number): number {
  if (certainKm < LEAST_KM) return 0
  const kmh = certainKm / (Math.max(LEAST_MS, Math.abs(elapsedMs)) / 3_600_000)
  return clamp((Math.log(kmh) - Math.log(PLAUSIBLE_KMH)) / 0.5, 0, 3)
}
