import { z } from 'zod'
import { duration } from '../runtime/duration.ts'

/** The demo: `gatewatch up --demo`. */
export const DemoConfig = z
  .strictObject({
    /** The demo's identity provider, on loopback. */
    provider_port: z.int().min(0).max(65_535).default(8060),
    /** Where the demo's on-call person is paged, on loopback. */
    pager_port: z.int().min(1).max(65_535).default(8061),
    /** Requests of a person in a mean hour of work, in the days before and live. */
    requests_an_hour: z.number().min(1).max(2000).default(24),
    /** How long after the start the first attack begins, and the pause between two. */
    first_story_after: duration({ max_ms: 3_600_000 }).prefault('8s'),
    story_pause: duration({ min_ms: 1000, max_ms: 86_400_000 }).prefault('40s'),
    /**
     * Days of habits that a fresh data directory is given, the present one included. From the eighth on it is judged
     * whether detectors are calibrated.
     */
    history_days: z.int().min(0).max(60).default(9),
  })
  .prefault({})
export type DemoConfig = z.infer<typeof DemoConfig>
