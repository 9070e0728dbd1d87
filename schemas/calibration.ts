import { z } from 'zod'
import { Count, Instant, Name } from './bounds.ts'

/** Scores that are as rare as -ln p says, rising; between them both are interpolated. */
const Knots = z
  .array(
    z.strictObject({
      score: z.number(),
      nats: z.number().min(0).max(30),
      /** By a fitted tail: fewer scores than ten have been as large. */
      extrapolated: z.boolean(),
    }),
  )
  .max(32)

/** How rare the scores of one detector are in one segment, and from which on they are findings. */
export const CalibrationTable = z.strictObject({
  detector: Name,
  detector_version: z.int().min(1),
  /** `person` or `program`, and the sensitivity of the resource: `person/high`. */
  segment: Name,
  /** How many scores it rests on; old ones count less. */
  scores: Count,
  /** Raw scores from which a finding is MEDIUM and HIGH. */
  medium: z.number(),
  high: z.number(),
  knots: Knots,
})
export type CalibrationTable = z.infer<typeof CalibrationTable>

/**
 * How a tenant's scores are to be read. A worker says from which offset on it
 * holds decisions against it (the control record `adoption`), in the commit that
 * does so first, so that a replay reads the same decisions in the same way.
 */
export const Calibration = z.strictObject({
  version: z.int().min(1),
  /** Event time. */
  made_at: Instant,
  /** Findings a day of all detectors together, at most. */
  budget_per_day: z.number().min(0),
  /** Days that the threshold rests on. */
  days: Count,
  /** Evidence of an entity, all detectors together, from which on it is a finding, in nats; null while no day is over. */
  threshold_nats: z.number().nullable(),
  /** The same for HIGH: as much comes a tenth as often. */
  high_nats: z.number().nullable().optional(),
  /** How much of both is there because more or less was really found than the budget allows, in nats; 0 to begin with. */
  correction_nats: z.number().optional(),
  tables: z.array(CalibrationTable).max(1000),
  /** How rare as much evidence of all detectors together is, among so many days of single entities. */
  joint: z.strictObject({ entity_days: Count, knots: Knots }).optional(),
  /** Subjects of whom an analyst has said that it was harmless what these detectors found. */
  safe: z
    .array(
      z.strictObject({
        entity: z.string().min(1).max(300),
        detectors: z.array(Name).max(16),
        until: Instant,
        /** When it was said: what had waited by then is learnt. Without it, whatever these detectors find. */
        at: Instant.optional(),
      }),
    )
    .max(500)
    .optional(),
  /** Subjects who were confirmed to be compromised: what waited to be learnt by then is dropped. */
  dropped: z
    .array(z.strictObject({ entity: z.string().min(1).max(300), at: Instant, until: Instant }))
    .max(500)
    .optional(),
})
export type Calibration = z.infer<typeof Calibration>
