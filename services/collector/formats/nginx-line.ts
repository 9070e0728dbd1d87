import { Buffer } from 'node:buffer'

/** One line of nginx's `combined` or `common` log, under the names of nginx's variables. */
export type NginxLine = Readonly<Record<string, string>>

/**
 * `$remote_addr - $remote_user [$time_local] "$request" $status
 * $body_bytes_sent "$http_referer" "$http_user_agent"`; `common` ends before the
 * referer, and what a longer format adds at the end is not read.
 *
 * A user name may hold spaces and brackets: it ends at the instant right before
 * the first quote, which nginx escapes in everything that a client wrote, so
 * that no name forges the rest of a line.
 */
const COMBINED =
  /^(\S+) \S+ (.+?) \[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?(?: |$)/

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Reads a line; null for one that is no such log line. */
export function nginxLine(text: string): NginxLine | null {
  const match = COMBINED.exec(text)
  if (match === null) return null
  const [, address, user, day, month = '', year, time, zone, request, status, bytes, referer, agent] = match
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0')
  return withoutDashes({
    remote_addr: address ?? '',
    remote_user: unescaped(user ?? ''),
    time_iso8601: `${year}-${number}-${day}T${time}${zone}`,
    request: unescaped(request ?? ''),
    status: status ?? '',
    body_bytes_sent: bytes ?? '',
    http_referer: unescaped(referer ?? ''),
    http_user_agent: unescaped(agent ?? ''),
  })
}

function withoutDashes(row: NginxLine): NginxLine {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== '-' && value !== ''))
}

/** nginx writes quotes, backslashes and bytes beyond ASCII as `\x22`; Apache quotes as `\"`. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/(?:\\x[0-9A-Fa-f]{2})+|\\./g, (escape) =>
    escape.startsWith('\\x') && escape.length > 3
      ? Buffer.from(escape.replaceAll('\\x', ''), 'hex').toString('utf8')
      : escape.slice(1),
  )
}
