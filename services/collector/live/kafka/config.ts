import { z } from 'zod'
import { KafkaConfig } from '../../../runtime/log/kafka/config.ts'

/** Reads a topic of somebody's cluster. */
export const KafkaKind = {
  kind: z.literal('kafka'),
  brokers: KafkaConfig.shape.brokers,
  topic: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, { error: "must be a topic's name" }),
  /** The group that is joined, and in which nothing is committed; default `gatewatch-<name>`. */
  group: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, { error: "must be a group's name" })
    .optional(),
  ssl: KafkaConfig.shape.ssl,
  sasl: KafkaConfig.shape.sasl,
  /** Where a topic begins that was never read before. */
  from: z.enum(['end', 'beginning']).default('end'),
  /** After how long without a sign of life the foreign group takes the reader for dead: give it as `kafka.session_timeout`. */
  session_timeout: KafkaConfig.shape.session_timeout,
}
