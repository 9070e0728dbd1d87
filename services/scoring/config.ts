import { z } from 'zod'
import { SensitivityRule } from './enrich/sensitivity.ts'

/** The section `scoring` of the configuration. */
export const ScoringConfig = z
  .strictObject({
    /** YAML file of networks that the operator knows better than public tables; it comes before them. */
    networks_file: z.string().min(1).max(4096).optional(),
    /** How sensitive resources are whose enforcement point does not say. */
    sensitivity: z.array(SensitivityRule).max(1000).default([]),
    /** Entities whose decoded state is kept in memory, for each stage; one takes about 6 KB. */
    entities_in_memory: z.int().min(100).max(1_000_000).default(20_000),
    /** Decisions that are scored and committed together at most. */
    batch_records: z.int().min(1).max(10_000).default(1000),
  })
  .prefault({})
export type ScoringConfig = z.infer<typeof ScoringConfig>
