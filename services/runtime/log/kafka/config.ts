import { z } from 'zod'
import { duration } from '../../duration.ts'

const File = z.string().min(1).max(4096)

/** `host:port`; an IPv6 address stands in brackets. */
const Broker = z
  .string()
  .max(260)
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$/, { error: 'must be host:port' })

/** A list, or one text with commas between, as a variable has it. */
const Brokers = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value),
  z.array(Broker).min(1).max(64),
)

/** TLS towards the brokers. Without `ca_file` the system's authorities count; with a certificate of our own, mutual TLS. */
const KafkaTls = z
  .strictObject({ ca_file: File.optional(), cert_file: File.optional(), key_file: File.optional() })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    error: 'cert_file and key_file go together',
  })

const KafkaSasl = z
  .strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: z.string().min(1).max(256),
    password_file: File.optional(),
    /** By variable only: GATEWATCH_KAFKA__SASL__PASSWORD. */
    password: z.string().min(1).max(1024).optional(),
  })
  .refine(({ password, password_file }) => (password === undefined) !== (password_file === undefined), {
    error: 'needs password_file, or the variable GATEWATCH_KAFKA__SASL__PASSWORD',
  })

/** The event log on Apache Kafka; without this section it is the embedded one. */
export const KafkaConfig = z
  .strictObject({
    brokers: Brokers,
    /** How the brokers' own logs and quotas call us. */
    client_id: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,128}$/, { error: 'must be letters, digits, dots, dashes' })
      .default('gatewatch'),
    ssl: z.union([z.literal(false), KafkaTls]).default(false),
    sasl: KafkaSasl.optional(),
    /** Of what we write. Decisions shrink to about a fifth; zstd costs a fifth of gzip's time. */
    compression: z.enum(['none', 'gzip', 'zstd']).default('none'),
    /** Copies of each topic that we create; unset: three, or as many as there are brokers. */
    replication_factor: z.int().min(1).max(9).optional(),
    /**
     * Partitions of each topic that has more than one. It can't be changed later:
     * the place of every key follows from it.
     */
    partitions: z.int().min(1).max(512).default(12),
    /** Stands before the name of every topic, group and transaction (`acme.`), where one cluster serves several installations. */
    topic_prefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: 'must be lower-case letters, digits, dots, dashes' })
      .optional(),
    /** A process that Kafka has not heard of for this long is taken for dead, and others take over its partitions. Brokers refuse less than their group.min.session.timeout.ms. */
    session_timeout: duration({ min_ms: 1000, max_ms: 300_000 }).prefault('10s'),
    /** Whether a start creates topics that are missing. Otherwise: `gatewatch topics --create`, by somebody who may. */
    create_topics: z.boolean().default(true),
  })
  .refine(({ ssl, sasl }) => sasl?.mechanism !== 'plain' || ssl !== false, {
    path: ['sasl', 'mechanism'],
    error: 'plain shows the password to everybody on the way: it needs kafka.ssl',
  })
export type KafkaConfig = z.infer<typeof KafkaConfig>
