import ipaddr from 'ipaddr.js'

/** An address in one form only: IPv4 dotted, IPv6 by RFC 5952, IPv4-mapped IPv6 as the IPv4 that it is, no zone. Null: no address. */
export function normalAddress(text: string): string | null {
  const bare = text.startsWith('[') ? text.slice(1, text.indexOf(']')) : text
  const [address = ''] = bare.split('%')
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return address
  if (!ipaddr.IPv6.isValid(address)) return null
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String()
}

/** The network that an address is judged by: /24 of IPv4, /56 of IPv6, as schemas/entity.ts says. Null: no address. */
export function sourcePrefix(address: string): string | null {
  if (!ipaddr.isValid(address)) return null
  return ipaddr.parse(address).kind() === 'ipv4'
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`).toString()}/24`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/56`).toRFC5952String()}/56`
}

/** Says whether an address belongs to one of the networks. */
export function networkMatcher(cidrs: readonly string[]): (address: string) => boolean {
  const networks = cidrs.map((cidr) => ipaddr.parseCIDR(cidr))
  if (networks.length === 0) return () => false
  return (address) => {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))
  }
}
