import { z } from 'zod'
import { Name, RiskLevel } from '../../schemas/bounds.ts'
import { duration } from '../runtime/duration.ts'
import { Host, Port, TlsConfig } from '../runtime/http/config.ts'

const HttpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).max(512)

const WebhookConfig = z.strictObject({
  /** Names the receiver in metrics and in the delivery records. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: 'must be 1 to 32 characters of a-z 0-9 -' }),
  url: HttpUrl,
  /** A file with the signing secret: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks 1.0.0). */
  secret_file: z.string().min(1).max(4096),
})

const AlertsConfig = z.strictObject({
  /** Stories from this level on page a person; the circuit breaker and break-glass use always do. */
  level: RiskLevel.default('HIGH'),
  /** Address of the console as people reach it; stories in alerts link to it. */
  console_url: HttpUrl.optional(),
  timeout: duration({ min_ms: 100, max_ms: 60_000 }).prefault('15s'),
  alertmanager: z
    .strictObject({
      /** Every replica, not a load balancer: Alertmanager's replicas deduplicate among themselves. */
      urls: z.array(HttpUrl).max(8).default([]),
      /** An open alert is sent again this often, since Alertmanager forgets what it stops hearing. */
      resend: duration({ min_ms: 100 }).prefault('1m'),
      /** How long Alertmanager keeps an alert when it hears nothing from us. */
      hold: duration({ min_ms: 1000 }).prefault('15m'),
    })
    .prefault({}),
  webhooks: z.array(WebhookConfig).max(16).default([]),
})
export type AlertsConfig = z.infer<typeof AlertsConfig>

/** The `feedback` section of the configuration. */
export const FeedbackConfig = z.strictObject({
  host: Host.default('127.0.0.1'),
  port: Port.default(8090),
  tls: TlsConfig.optional(),
  half_life: z
    .strictObject({
      session: duration({ min_ms: 60_000 }).prefault('6h'),
      subject: duration({ min_ms: 60_000 }).prefault('7d'),
      device: duration({ min_ms: 60_000 }).prefault('7d'),
      source: duration({ min_ms: 60_000 }).prefault('1d'),
      asn: duration({ min_ms: 60_000 }).prefault('1d'),
      client: duration({ min_ms: 60_000 }).prefault('1d'),
    })
    .prefault({}),
  restriction: z
    .strictObject({
      ttl_medium: duration({ min_ms: 1000 }).prefault('1h'),
      ttl_high: duration({ min_ms: 1000 }).prefault('4h'),
      ttl_confirmed: duration({ min_ms: 1000 }).prefault('7d'),
      /** One happening restricts an entity no longer than this without a person's word. */
      max: duration({ min_ms: 1000 }).prefault('1d'),
    })
    .prefault({}),
  circuit_breaker: z
    .strictObject({
      /** Largest share of a tenant's known subjects that may be restricted automatically in an hour. */
      share: z.number().min(0).max(1).default(0.1),
      /** So many may always be, in a small tenant too. */
      min_count: z.int().min(1).max(100_000).default(10),
    })
    .prefault({}),
  /** `user:alice`: never restricted, every use alerts; beside those that the policies in force name. */
  break_glass: z.array(Name).max(32).default([]),
  /** Whether findings of imported history may restrict and page. */
  act_on_import: z.boolean().default(false),
  stories: z
    .strictObject({
      /** Findings of one entity this far apart still belong to one happening. */
      join_gap: duration({ min_ms: 1000 }).prefault('1h'),
      /** A story in which nothing happens for this long is closed. */
      quiet: duration({ min_ms: 1000 }).prefault('6h'),
      /** A story takes no new findings after this long; what goes on then is a new story. */
      max_age: duration({ min_ms: 60_000 }).prefault('1d'),
      /** The most open stories; beyond it the quietest is closed, and counted. */
      max_open: z.int().min(10).max(100_000).default(2000),
    })
    .prefault({}),
  /** The most entities whose risk is remembered; beyond it the calmest is forgotten, and counted. */
  max_entities: z.int().min(100).max(1_000_000).default(50_000),
  feed: z
    .strictObject({
      max_subscribers: z.int().min(1).max(10_000).default(200),
      /** A subscriber that leaves more than this unread is cut off. */
      max_unread_bytes: z.int().min(4096).max(67_108_864).default(1_048_576),
      heartbeat: duration({ min_ms: 100 }).prefault('15s'),
    })
    .prefault({}),
  alerts: AlertsConfig.prefault({}),
})
export type FeedbackConfig = z.infer<typeof FeedbackConfig>
