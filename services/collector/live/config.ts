import { z } from 'zod'
import { Tenant } from '../../../schemas/bounds.ts'
import { duration } from '../../runtime/duration.ts'
import { Host, Port, TlsConfig } from '../../runtime/http/config.ts'
import { FORMATS } from '../formats/format.ts'
import { isTimezone } from '../formats/timezone.ts'
import { FileKind } from './file/config.ts'
import { AlsKind } from './grpc/config.ts'
import { HttpKind } from './http/config.ts'
import { KafkaKind } from './kafka/config.ts'
import { listenerProblem } from './listener-config.ts'
import { EntraKind, OktaKind, tokenProblem } from './pull/config.ts'
import { SyslogKind } from './syslog/config.ts'

/** What every source says of itself, whatever its kind. */
const common = {
  /** Names the source everywhere: in metrics, in alerts, and in the log, where its position is kept. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, {
    error: 'must be 1 to 40 characters of a-z 0-9 -, beginning with a letter or digit',
  }),
  /** Default: the tenant of the whole configuration. */
  tenant: Tenant.optional(),
  /** Of instants that are written without a zone. */
  timezone: z
    .string()
    .max(64)
    .refine(isTimezone, { error: 'must be a time zone such as Europe/Paris, UTC or +02:00' })
    .default('UTC'),
  /** A source that gives no record for so long has fallen silent, and a person is told; `never`: it may. */
  silent_after: z
    .union([z.literal('never'), duration({ min_ms: 1000, max_ms: 31 * 86_400_000 })], {
      error: 'must be a duration from 1s to 31d such as 30m, or never',
    })
    .prefault('1h'),
}
const format = z.enum(FORMATS, { error: `must be one of ${FORMATS.join(', ')}` })

const Source = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ ...common, format, ...FileKind }),
    z.strictObject({ ...common, format, ...HttpKind }),
    z.strictObject({ ...common, format, ...SyslogKind }),
    z.strictObject({ ...common, format, ...KafkaKind }),
    z.strictObject({ ...common, format: z.literal('okta').default('okta'), ...OktaKind }),
    z.strictObject({ ...common, format: z.literal('entra').default('entra'), ...EntraKind }),
    z.strictObject({ ...common, format: z.literal('envoy').default('envoy'), ...AlsKind }),
  ],
  { error: 'must have a kind: file, syslog, http, grpc-als, kafka, okta or entra' },
)
export type Source = z.infer<typeof Source>

/** What is wrong with a source beyond its single fields, in one sentence; null: nothing. */
function problemOf(source: Source): string | null {
  if (source.kind === 'entra') return tokenProblem(source)
  if ('clients' in source) return listenerProblem(source)
  if (source.kind === 'kafka' && source.sasl?.mechanism === 'plain' && source.ssl === false) {
    return 'sasl with mechanism plain shows the password to everybody on the way: it needs ssl'
  }
  return null
}

/** Live sources: what other systems decide, as they decide it. */
export const CollectorConfig = z
  .strictObject({
    /** Where pushes are taken, if a source of kind `http` is there. */
    http: z
      .strictObject({ host: Host.default('127.0.0.1'), port: Port.default(8070), tls: TlsConfig.optional() })
      .prefault({}),
    sources: z
      .array(Source)
      .max(64)
      .superRefine((sources, context) => {
        const names = new Set<string>()
        for (const [nth, source] of sources.entries()) {
          const { name } = source
          const problem = problemOf(source)
          if (problem !== null) context.addIssue({ code: 'custom', path: [nth], message: problem })
          if (names.has(name)) {
            context.addIssue({ code: 'custom', path: [nth, 'name'], message: 'another source has this name' })
          }
          names.add(name)
        }
      })
      .default([]),
  })
  .prefault({})
export type CollectorConfig = z.infer<typeof CollectorConfig>
