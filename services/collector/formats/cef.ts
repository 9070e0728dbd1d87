import type { DecisionInput } from '../../../schemas/decision.ts'
import { cefLine, type CefLine } from './cef-line.ts'
import { cefInstants } from './cef-time.ts'
import { decisions, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import type { Verdict } from './http-verdict.ts'
import { contextOf, httpResource } from './request.ts'
import { syslogReader, type SyslogReader } from './syslog.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * ArcSight's Common Event Format, as lines with or without a head of syslog
 * (`cef-line.ts`).
 *
 * | CEF | decision |
 * |---|---|
 * | rt, else end, start, the syslog head; zone and year as `cef-time.ts` says | `decided_at` |
 * | act, else outcome, categoryOutcome, in the words below; otherwise no decision | `outcome` |
 * | reason, else msg | `reasons`, by what it says; kept in `unmapped` too |
 * | suser, else duser, suid, duid | `subject` `user` |
 * | requestMethod, else the event's name | `action` |
 * | request: path and host | `resource` `http`, `app` |
 * | dhost, else destinationServiceName, dst, filePath, fname, without a request | `resource` `host`, `application` or `file` |
 * | src, else c6a2; spt | `context.ip`, `context.port` |
 * | requestClientApplication | `context.user_agent` |
 * | in, out | `context.http.bytes_in`, `bytes_out` |
 * | cs1 … cs6, cn1 …, flexString1 … | `unmapped`, under their labels |
 * | vendor, product, signature, severity, and what else there is | `unmapped`, without credentials |
 *
 * | words | outcome |
 * |---|---|
 * | allow, permit, accept, pass, grant, success | `permit` |
 * | deny, block, drop, reject, refuse, prevent, fail, unauthorized, forbidden | `deny` |
 * | challenge, step-up, mfa required | `step_up` |
 *
 * Each product has names of its own: this reads what the dictionary of the
 * format defines, and no more.
 *
 * @see "Implementing ArcSight Common Event Format (CEF)", revision 25 of 2017,
 *   extension dictionary and date formats.
 */
export function cefReader(options: ReadingOptions): RecordReader {
  const head = syslogReader(options)
  const instants = cefInstants(options)
  let fromHead = false
  return {
    contentOf: (text) => text.trimEnd(),
    assumedZone: () => fromHead || instants.assumedZone(),
    assumedYear: () => instants.assumedYear() ?? head.assumedYear(),
    read(text) {
      if (text.trim() === '') return skip('blank')
      const line = cefLine(text)
      if (line === null) return unusable('line_unreadable', 'no CEF: with seven fields')
      const verdict = verdictOf(line)
      if (verdict === null) return skip('no_decision')
      const written = ['rt', 'end', 'start'].map((key) => line.extension.get(key)).find((value) => value)
      const decidedAt = written === undefined ? instantOfHead(line, head) : instants.read(written)
      if (written === undefined && decidedAt !== null) fromHead = true
      if (decidedAt === null) {
        return written === undefined
          ? unusable('no_timestamp', 'neither rt, end, start nor a head of syslog')
          : unusable('timestamp_invalid', 'rt, end or start is no instant')
      }
      return draftOf(line, decidedAt, verdict)
    },
  }
}

function instantOfHead({ before }: CefLine, head: SyslogReader): string | null {
  const line = head.read(`${before}CEF: `)
  return typeof line === 'string' ? null : new Date(line.at_ms).toISOString()
}

function draftOf(line: CefLine, decidedAt: string, [outcome, reason]: Verdict): Reading {
  const said = (key: string): string => line.extension.get(key) ?? ''
  const method = said('requestMethod')
  const request = said('request')
  const { context, source_host } = contextOf({
    address: said('src') || said('c6a2') || said('shost'),
    port: said('spt'),
    user_agent: said('requestClientApplication'),
    host: hostOf(request),
    method,
    target: request,
    bytes_in: said('in'),
    bytes_out: said('out'),
  })
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(said),
    action: { name: (method || line.name || line.signature || 'unknown').slice(0, 256) },
    resource: resourceOf(line, said),
    context,
    unmapped: keep(
      {
        vendor: line.vendor,
        product: line.product,
        signature: line.signature,
        name: line.name,
        severity: line.severity,
        source_host,
      },
      withoutSecrets(others(labelled(line.extension), PLACED)),
    ),
  })
}

const PERMIT = /^\/?(?:allow|permit|accept|pass(?:ed|thr)?|grant|succe|authori[sz]ed|ok$)/i
const DENY =
  /^\/?(?:den[iy]|block|drop|reject|refus|prevent|fail|unauthori[sz]ed|forbid|not.?allow|unsuccess|invalid|disallow)/i
const STEP_UP = /^\/?(?:challeng|step.?up|mfa.?required|re.?auth)/i

const REASONS: readonly (readonly [RegExp, Verdict[1]])[] = [
  [/unknown user|no such user|user not found|does not exist/i, 'account_unknown'],
  [/lock|disabled|suspended/i, 'account_locked'],
  [/mfa|otp|second factor|token code/i, 'mfa_rejected'],
  [/password|credential/i, 'credentials_rejected'],
  [/expired/i, 'token_expired'],
  [/rate|too many/i, 'rate_limited'],
  [/permission|privilege|not authori[sz]ed/i, 'permission_missing'],
]

function verdictOf({ extension, name }: CefLine): Verdict | null {
  for (const key of ['act', 'outcome', 'categoryOutcome']) {
    const word = extension.get(key) ?? ''
    if (STEP_UP.test(word)) return ['step_up', 'step_up_required']
    if (DENY.test(word)) {
      const why = `${extension.get('reason') ?? ''} ${extension.get('msg') ?? ''} ${name}`
      return ['deny', REASONS.find(([pattern]) => pattern.test(why))?.[1] ?? 'foreign_deny']
    }
    if (PERMIT.test(word)) return ['permit', 'foreign_permit']
  }
  return null
}

function subjectOf(said: (key: string) => string): DecisionInput['subject'] {
  const id = said('suser') || said('duser') || said('suid') || said('duid')
  return id === '' ? { type: 'anonymous', id: 'anonymous' } : { type: 'user', id: id.slice(0, 256) }
}

function resourceOf(line: CefLine, said: (key: string) => string): DecisionInput['resource'] {
  const request = said('request')
  if (request !== '') return httpResource(hostOf(request) || said('dhost'), request)
  for (const [type, key] of TARGETS) {
    const id = said(key)
    if (id !== '')
      return { type, id: id.slice(0, 1024), app: (said('app') || line.product || type).slice(0, 256) }
  }
  const product = line.product || 'unknown'
  return { type: 'application', id: product.slice(0, 1024), app: product.slice(0, 256) }
}

const TARGETS = [
  ['host', 'dhost'],
  ['application', 'destinationServiceName'],
  ['host', 'dst'],
  ['file', 'filePath'],
  ['file', 'fname'],
] as const

function hostOf(request: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(request)?.[1] ?? ''
}

/** Custom fields under the names that their labels give them. */
function labelled(extension: ReadonlyMap<string, string>): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null)
  for (const [key, value] of extension) {
    if (/^(?:c[a-z0-9]{1,3}\d|flex\w+\d|device\w*Custom\w+\d)Label$/.test(key)) continue
    const label = extension.get(`${key}Label`)
    fields[label === undefined || label === '' ? key : label] = value
  }
  return fields
}

const PLACED = new Set([
  'rt',
  'requestMethod',
  'request',
  'suser',
  'src',
  'spt',
  'requestClientApplication',
  'in',
  'out',
])
