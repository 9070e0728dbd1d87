import { maskOf, parseNetwork, type Network } from '../../lists/network.ts'

/** Compiles a range of addresses to a test; undefined for what is none. */
export function cidrMatcher(text: string): ((address: string) => boolean) | undefined {
  const network = text === '0.0.0.0/0' || text === '::/0' ? undefined : parseNetwork(text)
  if (network === null || network === undefined || !text.includes('/')) return undefined
  return (address) => {
    const single = parseNetwork(address)
    return single !== null && single.version === network.version && holds(network, single)
  }
}

function holds({ words, bits }: Network, address: Network): boolean {
  return words.every(
    (word, index) => ((address.words[index] ?? 0) & maskOf(bits - 32 * index)) >>> 0 === word,
  )
}
