import type { NetworkKind } from '../../../schemas/scored-decision.ts'

/**
 * What kind of network an autonomous system is, from two small lists. Honest
 * about their reach: the largest hosting providers and carriers are named, the
 * rest is told by words in the name of the operator, and what neither tells is
 * `access`, because most networks that people come from are. A mobile carrier
 * whose system also serves homes stays `access`. Operators put what they know
 * better into the networks file, which comes first.
 *
 * Numbers are as registered with the regional registries (as names in the table
 * of autonomous systems): a test checks that each still belongs to the operator
 * named here.
 */
export const NAMED: readonly {
  readonly kind: NetworkKind
  readonly operator: string
  readonly asns: readonly number[]
}[] = [
  { kind: 'hosting', operator: 'Amazon', asns: [16509, 14618] },
  { kind: 'hosting', operator: 'Microsoft', asns: [8075] },
  { kind: 'hosting', operator: 'Google', asns: [396982, 15169] },
  { kind: 'hosting', operator: 'DigitalOcean', asns: [14061] },
  { kind: 'hosting', operator: 'Hetzner', asns: [24940, 213230] },
  { kind: 'hosting', operator: 'OVH', asns: [16276] },
  { kind: 'hosting', operator: 'Akamai', asns: [63949] },
  { kind: 'hosting', operator: 'Constant', asns: [20473] },
  { kind: 'hosting', operator: 'Oracle', asns: [31898] },
  { kind: 'hosting', operator: 'Alibaba', asns: [45102, 37963] },
  { kind: 'hosting', operator: 'Tencent', asns: [132203, 45090] },
  { kind: 'hosting', operator: 'Contabo', asns: [51167] },
  { kind: 'hosting', operator: 'LeaseWeb', asns: [60781] },
  { kind: 'hosting', operator: 'M247', asns: [9009] },
  { kind: 'hosting', operator: 'Scaleway', asns: [12876] },
  // Exit networks of Apple's private relay and Cloudflare's WARP share these with hosting.
  { kind: 'relay', operator: 'Cloudflare', asns: [13335] },
  { kind: 'relay', operator: 'Fastly', asns: [54113] },
  { kind: 'relay', operator: 'Akamai', asns: [36183, 20940] },
  { kind: 'corporate', operator: 'Zscaler', asns: [22616, 53813, 62044] },
  { kind: 'satellite', operator: 'Intelsat', asns: [22351] },
  { kind: 'satellite', operator: 'Space Exploration', asns: [14593] },
  { kind: 'satellite', operator: 'Viasat', asns: [7155] },
  { kind: 'inflight', operator: 'Panasonic Avionics', asns: [64294] },
  { kind: 'inflight', operator: 'Anuvu', asns: [400110] },
  { kind: 'inflight', operator: 'Thales Avionics', asns: [394771] },
  { kind: 'mobile', operator: 'T-Mobile', asns: [21928] },
  { kind: 'mobile', operator: 'Verizon', asns: [22394, 6167] },
  { kind: 'mobile', operator: 'AT&T', asns: [20057] },
]

const BY_NUMBER = new Map(NAMED.flatMap(({ kind, asns }) => asns.map((asn) => [asn, kind] as const)))

const WORDS: readonly { readonly kind: NetworkKind; readonly pattern: RegExp }[] = [
  { kind: 'relay', pattern: /\b(vpn|proxy|tor exit|private relay)\b/i },
  { kind: 'inflight', pattern: /\b(inflight|in-flight|avionics)\b/i },
  { kind: 'satellite', pattern: /\bsatellite\b/i },
  {
    kind: 'hosting',
    pattern: /\b(hosting|cloud|datacent(er|re)|data cent(er|re)|servers?|vps|colocation|dedicated)\b/i,
  },
  { kind: 'mobile', pattern: /\b(mobile|wireless|cellular|mobil)\b/i },
]

/** The kind of a network on the internet; `unknown` where no system is known. */
export function networkKindOf(asn: number, organisation: string): NetworkKind {
  if (asn === 0) return 'unknown'
  const named = BY_NUMBER.get(asn)
  if (named !== undefined) return named
  return WORDS.find(({ pattern }) => pattern.test(organisation))?.kind ?? 'access'
}
