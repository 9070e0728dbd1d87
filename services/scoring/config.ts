import { z } from 'zod'
import { SensitivityRule } from './enrich/sensitivity.ts'
import { ListsConfig } from './lists/config.ts'
import { RulesConfig } from './rules/config.ts'

/** The section `scoring` of the configuration. */
export const ScoringConfig = z
  .strictObject({
    /** YAML file of networks that the operator knows better than public tables; it comes before them. */
    networks_file: z.string().min(1).max(4096).optional(),
    /** Lists of addresses that are known to be bad. */
    lists: ListsConfig,
    /** Sigma rules of the operator's. */
    rules: RulesConfig.optional(),
    /** How sensitive resources are whose enforcement point does not say. */
    sensitivity: z.array(SensitivityRule).max(1000).default([]),
    /** Entities whose decoded state is kept in memory, for each stage; one takes about 6 KB. */
    entities_in_memory: z.int().min(100).max(1_000_000).default(20_000),
    /** Entities that are remembered at most, for each stage and over all partitions; one takes up to 1.5 KiB. Beyond it, who was seen longest ago is forgotten. */
    entities: z.int().min(10_000).max(100_000_000).default(1_000_000),
    /** Days of event time after which a subject that did nothing is forgotten. */
    idle_days: z.int().min(1).max(3650).default(90),
    /** The same for subjects that were never let through: names that somebody guesses. */
    stranger_idle_days: z.int().min(1).max(3650).default(7),
    /** Findings a day of one tenant, at most: thresholds rise until they keep to it, and never fall below what detectors declare. */
    findings_per_day: z.number().min(0).max(900).default(20),
    /**
     * Whether imported history calibrates too: for a log that begins with the history of the same people, oldest first.
     * Thresholds then hold from the first live day on. What is older than the newest that is known counts as new.
     */
    calibrate_on_import: z.boolean().default(false),
    /** Decisions that are scored and committed together at most, where so many wait: an entity's state is written once a batch. */
    batch_records: z.int().min(1).max(10_000).default(2000),
  })
  .prefault({})
export type ScoringConfig = z.infer<typeof ScoringConfig>
