import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { Id, Name } from '../../schemas/bounds.ts'
import { duration } from '../runtime/duration.ts'
import { SpoolConfig } from './spool/config.ts'

const File = z.string().min(1).max(4096)

/** TLS of one listener; with `client_ca_file` clients may show a certificate, which proves their device. */
const Tls = z.strictObject({
  cert_file: File,
  key_file: File,
  client_ca_file: File.optional(),
})

function listen(port: number) {
  return z
    .strictObject({
      host: z.string().min(1).max(253).default('127.0.0.1'),
      port: z.int().min(0).max(65535).default(port),
      tls: Tls.optional(),
    })
    .prefault({})
}

const Cidr = z
  .string()
  .max(64)
  .refine((text) => ipaddr.isValidCIDR(text), { error: 'must be a network such as 10.0.0.0/8 or fd00::/8' })

/** The OpenID provider that people sign in with and whose access tokens are taken. */
const Oidc = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }).max(512),
  client_id: Name,
  /** Absent: a public client, PKCE only. */
  client_secret_file: File.optional(),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/))
    .max(16)
    .default(['openid', 'profile', 'email']),
  /** Audience of bearer tokens. Default: `client_id`. */
  audience: Name.optional(),
  /** Algorithms of bearer tokens and ID tokens. No symmetric one: the gateway shares no secret with callers. */
  algorithms: z
    .array(
      z.enum([
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'EdDSA',
        'Ed25519',
      ]),
    )
    .min(1)
    .max(11)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']),
  /** Claim that names the person; `sub` never changes hands, `email` may. */
  subject_claim: z.string().min(1).max(64).default('sub'),
  groups_claim: z.string().min(1).max(64).default('groups'),
  roles_claim: z.string().min(1).max(64).default('roles'),
  timeout: duration({ min_ms: 100, max_ms: 60_000 }).prefault('5s'),
})
export type OidcConfig = z.infer<typeof Oidc>

export const GatewayConfig = z
  .strictObject({
    /** Name of this enforcement point; part of every event, unique among gateways of a tenant. */
    pep_id: Id.default('gateway'),
    /** Proxied applications only. */
    listen: listen(8080),
    /** AuthZEN. */
    decision_point: listen(8081),
    /** Where AuthZEN clients reach the decision point, for its metadata. Default: as it listens. */
    decision_point_url: z
      .url({ protocol: /^https?$/ })
      .max(512)
      .optional(),
    policy_file: File.optional(),
    oidc: Oidc.optional(),
    session: z
      .strictObject({
        /** However often it is used, a session ends after this. */
        lifetime: duration({ min_ms: 60_000, max_ms: 604_800_000 }).prefault('8h'),
        /** How long a person may take to sign in. */
        login_lifetime: duration({ min_ms: 10_000, max_ms: 3_600_000 }).prefault('10m'),
      })
      .prefault({}),
    /** Only these may say whom they forward for (X-Forwarded-For, -Proto) and which device it is. */
    trusted_proxies: z.array(Cidr).max(64).default([]),
    /** Where the console answers "why was I refused?". */
    console_url: z
      .url({ protocol: /^https?$/ })
      .max(512)
      .default('http://localhost:8090'),
    device: z
      .strictObject({
        /** A record that nobody refreshed for this long is worth one tier less than it says, at most `basic`. */
        stale_after: duration({ min_ms: 60_000 }).prefault('7d'),
      })
      .prefault({}),
    spool: SpoolConfig,
    /** A decision about nobody is recorded this often, to show that the way is open. */
    canary_every: duration({ min_ms: 100, max_ms: 86_400_000 }).prefault('5s'),
    limits: z
      .strictObject({
        /** Decisions that wait for the log; beyond it requests are refused. */
        queue: z.int().min(10).max(1_000_000).default(10_000),
        /** How long a request waits for its decision to be on disk. */
        record_timeout: duration({ min_ms: 50, max_ms: 60_000 }).prefault('2s'),
        header_bytes: z.int().min(4096).max(131_072).default(32_768),
        body_bytes: z.int().min(0).max(10_737_418_240).default(104_857_600),
        /** How long a connection that stays open (a WebSocket, a stream) may go without being judged again. */
        rejudge: duration({ min_ms: 100, max_ms: 3_600_000 }).prefault('30s'),
        connections: z.int().min(1).max(1_000_000).default(10_000),
        /** Until the upstream's headers come. */
        upstream_timeout: duration({ min_ms: 100, max_ms: 3_600_000 }).prefault('60s'),
        connect_timeout: duration({ min_ms: 50, max_ms: 60_000 }).prefault('3s'),
      })
      .prefault({}),
  })
  .prefault({})
export type GatewayConfig = z.infer<typeof GatewayConfig>
