import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A range of addresses as a list names it: 32 bits a word, one word of IPv4, four of IPv6. */
export interface Network {
  readonly version: 4 | 6
  readonly words: readonly number[]
  /** Length of the prefix, in bits. */
  readonly bits: number
}

/** Wider than this a range says nothing of a source: what names it is a mistake, or would list half the world. */
const WIDEST = { 4: 8, 6: 16 } as const
const MAPPED_BITS = 96

/**
 * Reads an address or a CIDR; null for anything else. Stricter than many
 * readers: `10` is no address here, and nor is `010.0.0.1`. Bits beyond the
 * prefix don't count; an IPv4 address inside IPv6 (`::ffff:…`) is IPv4.
 *
 * @param widest shortest prefix that is read, in bits
 */
export function parseNetwork(
  text: string,
  widest: { readonly 4: number; readonly 6: number } = WIDEST,
): Network | null {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const length = slash === -1 ? undefined : text.slice(slash + 1)
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  if (isIPv4(address)) {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
    return network(4, [((a << 24) | (b << 16) | (c << 8) | d) >>> 0], length, widest[4])
  }
  if (!isIPv6(address) || address.includes('%')) return null
  const words = wordsOf(address)
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  if (!mapped) return network(6, words, length, widest[6])
  if (length === undefined) return network(4, words.slice(3), undefined, widest[4])
  return Number(length) < MAPPED_BITS
    ? null
    : network(4, words.slice(3), String(Number(length) - MAPPED_BITS), widest[4])
}

/** The four words of an IPv6 address. */
export function wordsOf(address: string): number[] {
  const { parts } = ipaddr.IPv6.parse(address)
  return [0, 2, 4, 6].map((at) => (((parts[at] ?? 0) << 16) | (parts[at + 1] ?? 0)) >>> 0)
}

function network(
  version: 4 | 6,
  words: readonly number[],
  length: string | undefined,
  widest: number,
): Network | null {
  const most = version === 4 ? 32 : 128
  const bits = length === undefined ? most : Number(length)
  if (bits > most || bits < widest) return null
  return { version, words: words.map((word, index) => (word & maskOf(bits - 32 * index)) >>> 0), bits }
}

/** A word whose first `bits` are set. */
export function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0
}
