import type { DecisionInput } from '../../../schemas/decision.ts'
import { addressOf } from './address.ts'

type Context = NonNullable<DecisionInput['context']>

/** What a foreign record says of a request; whatever has another type than expected is left out. */
export interface Seen {
  /** With or without a port: `192.0.2.7:4411`, `[2001:db8::1]:443`. */
  readonly address?: string
  readonly port?: unknown
  readonly user_agent?: string
  readonly tls_fingerprint?: string
  readonly trace_id?: string
  readonly host?: string
  readonly method?: string
  /** The request's target; only its path is kept, since a query may hold secrets. */
  readonly target?: string
  readonly status?: unknown
  readonly bytes_in?: unknown
  readonly bytes_out?: unknown
}

/** The context of a decision, within its bounds; `source_host` is an address that is none (a host name). */
export function contextOf(seen: Seen): { readonly context: Context; readonly source_host: string } {
  const { ip, port } = endpointOf(seen.address ?? '')
  const context: Context = {}
  if (ip !== null) context.ip = ip
  const from = wholeOf(seen.port) ?? port
  if (from !== null && from > 0 && from <= 65_535) context.port = from
  if (seen.user_agent) context.user_agent = seen.user_agent.slice(0, 2048)
  if (seen.tls_fingerprint) context.tls_fingerprint = seen.tls_fingerprint.slice(0, 256)
  const trace = seen.trace_id?.replaceAll('-', '').toLowerCase() ?? ''
  if (/^[0-9a-f]{32}$/.test(trace)) context.trace_id = trace
  const http = httpOf(seen)
  if (Object.keys(http).length > 0) context.http = http
  return { context, source_host: ip === null ? (seen.address ?? '') : '' }
}

function httpOf(seen: Seen): NonNullable<Context['http']> {
  const http: NonNullable<Context['http']> = {}
  if (seen.host) http.host = seen.host.slice(0, 256)
  if (seen.method) http.method = seen.method.slice(0, 32)
  if (seen.target) http.path = pathOf(seen.target).slice(0, 2048)
  const status = wholeOf(seen.status)
  if (status !== null && status > 0 && status <= 999) http.status = status
  const bytesIn = wholeOf(seen.bytes_in)
  if (bytesIn !== null) http.bytes_in = bytesIn
  const bytesOut = wholeOf(seen.bytes_out)
  if (bytesOut !== null) http.bytes_out = bytesOut
  return http
}

/** An address and the port after it, if there is one. */
function endpointOf(text: string): { readonly ip: string | null; readonly port: number | null } {
  const whole = addressOf(text)
  if (whole !== null) return { ip: whole, port: null }
  const match = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:]*):(\d{1,5})$/.exec(text)
  if (match === null) return { ip: null, port: null }
  return { ip: addressOf(match[1] ?? ''), port: wholeOf(match[2]) }
}

/** A count as a number, from a number or its digits; null for anything else. */
export function wholeOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null
}

/** The path of a request's target, without query, fragment, scheme and host. */
function pathOf(target: string): string {
  const [path = ''] = target.split(/[?#]/, 1)
  return path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '') || '/'
}

/** A number, a UUID, or a long mixture of letters and digits: it names one thing of many. */
const VARIABLE =
  /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[\w~-]*\d)(?=[\w~-]*[a-z])[\w~-]{20,})$/i

/**
 * A path with the segments that name one thing of many as `{id}`, so that
 * `/records/17` and `/records/18` are one resource to the detectors. It is a
 * guess: a product that knows its routes says it better.
 */
function templateOf(path: string): string {
  return path
    .split('/', 64)
    .map((segment) => (VARIABLE.test(segment) ? '{id}' : segment))
    .join('/')
    .slice(0, 512)
}

/** The resource of a request to a web application. */
export function httpResource(host: string, target: string): DecisionInput['resource'] {
  const path = pathOf(target)
  const app = host.slice(0, 256)
  return {
    type: 'http',
    id: path.slice(0, 1024),
    ...(app === '' ? {} : { app }),
    path_template: templateOf(path),
  }
}
