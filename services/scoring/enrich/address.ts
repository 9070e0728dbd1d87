import ipaddr from 'ipaddr.js'

/** An address as look-ups need it. */
export interface Address {
  readonly version: 4 | 6
  /** As geo data spell it; an IPv4 address inside IPv6 (`::ffff:…`) as IPv4. */
  readonly text: string
  /** /24 of an IPv4 address, /56 of an IPv6 one, in CIDR form. */
  readonly prefix: string
  /** The first 32 bits, and for IPv6 the second 32. */
  readonly high: number
  readonly low: number
  /** Loopback, private, link-local, shared or documentation: not on the internet. */
  readonly reserved: boolean
}

/** Reads an address; null for what is none. */
export function parseAddress(text: string): Address | null {
  const octets = plainOctets(text)
  if (octets !== null) return ipv4(octets, new ipaddr.IPv4(octets).range() !== 'unicast')
  if (!ipaddr.isValid(text)) return null
  const address = ipaddr.process(text)
  const reserved = address.range() !== 'unicast'
  const bytes = address.toByteArray()
  if (bytes.length === 4) return ipv4(bytes, reserved)
  const network = ipaddr.fromByteArray(bytes.map((byte, index) => (index < 7 ? byte : 0)))
  return {
    version: 6,
    text: address.toString(),
    prefix: `${network.toString()}/56`,
    high: word(bytes, 0),
    low: word(bytes, 4),
    reserved,
  }
}

function ipv4(bytes: readonly number[], reserved: boolean): Address {
  const prefix = `${bytes[0]}.${bytes[1]}.${bytes[2]}.0/24`
  return { version: 4, text: bytes.join('.'), prefix, high: word(bytes, 0), low: 0, reserved }
}

const DOT = 46
const ZERO = 48

/** The four numbers of an IPv4 address in its one canonical form, which nearly all are; null for any other. Patterns cost ten times as much. */
function plainOctets(text: string): number[] | null {
  if (text.length > 15) return null
  const octets: number[] = []
  let octet = 0
  let digits = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0 || octet > 255) return null
      octets.push(octet)
      octet = 0
      digits = 0
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return null
      octet = octet * 10 + digit
      digits += 1
    }
  }
  return octets.length === 4 ? octets : null
}

function word(bytes: readonly number[], at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  )
}
