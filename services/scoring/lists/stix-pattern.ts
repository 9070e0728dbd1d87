import { parseNetwork, type Network } from './network.ts'

/** More of them in one pattern are taken for a mistake. */
const MOST_IN_PATTERN = 1000

const COMPARISON = /\s*(ipv[46])-addr:value\s*(=|ISSUBSET|IN)\s*/y
const TEXT = /\s*'([^'\\]*)'\s*/y

/**
 * The networks that a STIX pattern names when it does nothing but that:
 * comparisons of `ipv4-addr:value` or `ipv6-addr:value` by `=`, `IN` or
 * `ISSUBSET`, joined by OR, in one observation or several joined by OR. Null
 * for every other pattern: half of an AND would list addresses that nobody
 * called bad. A CIDR after `=` is taken for the network, as its writers mean it.
 *
 * @see STIX 2.1, section 9, "STIX Patterning".
 */
export function networksOfPattern(pattern: string): readonly Network[] | null {
  const networks: Network[] = []
  let at = 0
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at
    const found = expression.exec(pattern)
    if (found !== null) at = expression.lastIndex
    return found
  }
  const literal = (version: string): boolean => {
    const network = parseNetwork(take(TEXT)?.[1] ?? '')
    if (network === null || `ipv${network.version}` !== version || networks.length >= MOST_IN_PATTERN)
      return false
    networks.push(network)
    return true
  }
  const comparison = (): boolean => {
    const [, version = '', operator] = take(COMPARISON) ?? []
    if (version === '') return false
    if (operator !== 'IN') return literal(version)
    if (take(/\s*\(/y) === null) return false
    do if (!literal(version)) return false
    while (take(/\s*,/y) !== null)
    return take(/\s*\)\s*/y) !== null
  }
  do {
    if (take(/\s*\[/y) === null) return null
    do if (!comparison()) return null
    while (take(/\s*OR\b/y) !== null)
    if (take(/\s*\]\s*/y) === null) return null
  } while (take(/\s*OR\b/y) !== null)
  return at === pattern.length ? networks : null
}
