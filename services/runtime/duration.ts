import { z } from 'zod'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * A duration in configuration, written as `250ms`, `30s`, `5m`, `12h` or `7d`;
 * its value is milliseconds. Give a default with `.prefault('30s')`.
 */
export function duration(bounds: { min_ms?: number; max_ms?: number } = {}) {
  const { min_ms = 0, max_ms = 3650 * UNITS.d } = bounds
  return z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: 'must be a duration such as 250ms, 30s, 5m, 12h or 7d' })
    .transform(durationMs)
    .refine((ms) => ms >= min_ms && ms <= max_ms, {
      error: `must be between ${min_ms} ms and ${max_ms} ms`,
    })
}

/** Milliseconds of a duration in the form that `duration` takes. */
export function durationMs(text: string): number {
  for (const unit of ['ms', 's', 'm', 'h', 'd'] as const)
    if (text.endsWith(unit)) return Number.parseInt(text, 10) * UNITS[unit]
  return Number.NaN
}
