import { maskOf, parseNetwork, type Network } from '../../lists/network.ts'

/** A rule may ask for half the world, such as `fc00::/7` or whatever is IPv4: it only says what it excepts. */
const ANY_WIDTH = { 4: 0, 6: 0 }

/** Compiles a range of addresses to a test; undefined for what is none. */
export function cidrMatcher(text: string): ((address: string) => boolean) | undefined {
  const network = parseNetwork(text, ANY_WIDTH)
  if (network === null || !text.includes('/')) return undefined
  return (address) => {
    const single = parseNetwork(address, ANY_WIDTH)
    return single !== null && single.version === network.version && holds(network, single)
  }
}

function holds({ words, bits }: Network, address: Network): boolean {
  return words.every(
    (word, index) => ((address.words[index] ?? 0) & maskOf(bits - 32 * index)) >>> 0 === word,
  )
}
