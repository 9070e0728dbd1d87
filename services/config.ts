import { z } from 'zod'
import { Tenant } from '../schemas/bounds.ts'
import { CollectorConfig } from './collector/live/config.ts'
import { ConsoleConfig } from './console/config.ts'
import { DemoConfig } from './demo/config.ts'
import { FeedbackConfig } from './feedback/config.ts'
import { GatewayConfig } from './gateway/config.ts'
import { ErasureConfig } from './runtime/erasures/config.ts'
import { Host, Port } from './runtime/http/config.ts'
import { KafkaConfig } from './runtime/log/kafka/config.ts'
import { CheckpointsConfig } from './runtime/checkpoints/config.ts'
import { LOG_LEVELS } from './runtime/log-levels.ts'
import { ScoringConfig } from './scoring/config.ts'
import { StorageConfig } from './storage/config.ts'
import { VerifyConfig } from './verify/config.ts'

const File = z.string().min(1).max(4096)

/** The local event log; it lives in the data directory. Unused where `kafka` is set. */
const EventLogConfig = z
  .strictObject({
    /**
     * How many streams work may be shared among on this machine. Fixed at the first start of a data directory.
     * One, unless several scoring processes are to share the work: peers and
     * populations are known a partition at a time, and one partition knows everybody.
     */
    partitions: z.int().min(1).max(64).default(1),
    /** The oldest records go, before their time, when all topics together hold more than this. */
    max_bytes: z.int().min(16_777_216).max(1_099_511_627_776).default(17_179_869_184),
  })
  .prefault({})

/** The store. Without `url` Gatewatch runs an engine of its own as a child process. */
const ClickHouseConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(512)
      .optional(),
    username: z.string().min(1).max(128).default('default'),
    password_file: File.optional(),
    /** By variable only: GATEWATCH_CLICKHOUSE__PASSWORD. */
    password: z.string().max(512).optional(),
    database: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,62}$/, { error: 'must be lower-case letters, digits and _' })
      .default('gatewatch'),
    /** TLS towards a server: the authority that signed its certificate, and a certificate of our own where it asks for one. */
    ssl: z
      .strictObject({ ca_file: File, cert_file: File.optional(), key_file: File.optional() })
      .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
        error: 'cert_file and key_file go together',
      })
      .optional(),
    /** Name of the cluster in the servers' `remote_servers`: replicated tables on all of its nodes. */
    cluster: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: 'must be letters, digits, _ and -' })
      .optional(),
    /** Opens the engine's HTTP interface for Grafana and other clients; its own socket is always there. */
    listen: z.strictObject({ host: Host.default('127.0.0.1'), port: Port.default(8123) }).optional(),
    /** A directory on a slower disk for our own engine's cold rows, as its policy `tiers`; see `storage.retention`. */
    cold_dir: File.optional(),
  })
  .refine(({ url, cold_dir }) => url === undefined || cold_dir === undefined, {
    error: 'cold_dir is of our own engine; a server has storage policies',
  })
  .refine(({ url, cluster, ssl }) => url !== undefined || (cluster === undefined && ssl === undefined), {
    error: 'cluster and ssl are of a server: set url too',
  })
  .prefault({})

/** The whole configuration: what all roles share, and one section a role. */
export const Config = z.strictObject({
  /** Where everything local lives. */
  data_dir: z.string().min(1).max(4096).default('.gatewatch'),
  log_level: z.enum(LOG_LEVELS).default('info'),
  tenant: Tenant.default('default'),
  /** Health and metrics of this process. Loopback unless told otherwise: metrics ask for no token. */
  admin: z.strictObject({ host: Host.default('127.0.0.1'), port: Port.default(9090) }).prefault({}),
  event_log: EventLogConfig,
  kafka: KafkaConfig.optional(),
  clickhouse: ClickHouseConfig,
  checkpoints: CheckpointsConfig,
  erasure: ErasureConfig,
  gateway: GatewayConfig,
  collector: CollectorConfig,
  scoring: ScoringConfig,
  storage: StorageConfig,
  verify: VerifyConfig,
  feedback: FeedbackConfig.prefault({}),
  console: ConsoleConfig,
  demo: DemoConfig,
})
export type Config = z.infer<typeof Config>
