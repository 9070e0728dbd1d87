import ipaddr from 'ipaddr.js'

/**
 * An address in its one usual form, or null for what is none (a host name,
 * `UNKNOWN`, `AWS Internal`). An IPv4 address written as an IPv6 one
 * (`::ffff:192.0.2.7`) is the IPv4 address; a zone (`fe80::1%eth0`) is cut off.
 */
export function addressOf(text: string): string | null {
  const bare = text.includes('%') ? text.slice(0, text.indexOf('%')) : text
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toString()
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return null
  return ipaddr.process(bare).toString()
}
