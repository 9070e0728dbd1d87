import type { Decision, DecisionInput } from '../../../schemas/decision.ts'
import type { KnownNetwork } from '../../../services/scoring/enrich/networks-file.ts'
import { DAY, decisionOf, FIREFOX, play, testEnrich, TEST_NETWORKS } from './play.ts'

/** A decision of alice, or of `who`, so long after the beginning. */
export type Step = readonly [atMs: number, over?: Partial<DecisionInput> | undefined, who?: string]

const far = (cidr: string, over: Partial<KnownNetwork>): KnownNetwork => ({
  ...TEST_NETWORKS.tokyo,
  asn: 64530,
  cidr,
  ...over,
})
export const SEATTLE_CARRIER_IP = '240.0.0.10'
export const TOKYO_CARRIER_IP = '240.0.1.10'
export const RELAY_IP = '240.0.2.10'
export const SATELLITE_IP = '240.0.3.10'
export const CAFE_IP = '240.0.4.10'
export const TUNNEL_IP = '240.0.5.10'
export const TETHER_IP = '240.0.6.10'
export const ROAMING_IP = '240.0.7.10'
const seattle = { city: 'Seattle', country: 'US', latitude: 47.6, longitude: -122.33 }
const { berlin } = TEST_NETWORKS
const enrich = testEnrich([
  ...Object.values(TEST_NETWORKS),
  far('240.0.0.0/24', { ...seattle, network_kind: 'mobile' }),
  far('240.0.1.0/24', { network_kind: 'mobile' }),
  far('240.0.2.0/24', { network_kind: 'relay' }),
  far('240.0.3.0/24', { network_kind: 'satellite' }),
  far('240.0.7.0/24', { asn: berlin.asn }),
  { ...berlin, cidr: '240.0.4.0/24' },
  { ...berlin, cidr: '240.0.5.0/24', network_kind: 'corporate' },
  { ...berlin, cidr: '240.0.6.0/24', network_kind: 'mobile' },
])

/** What the detector says of the last decision: its score, the ungated one and its gates by name, where they are kept. */
export function lastScore(detector: string, steps: readonly Step[]): Record<string, number> {
  const decisions: Decision[] = steps.map(([atMs, over, who = 'alice'], nth) =>
    decisionOf(who, atMs, { id: `d-${nth}`, ...over }),
  )
  const scores = play(decisions, { enrich }).scored.at(-1)?.scores ?? {}
  const own = Object.entries(scores).filter(([name]) => name.startsWith(detector))
  return Object.fromEntries(
    own.map(([name, value]) => [
      name.slice(detector.length).replace(/^\.(gate\.)?/, '') || 'score',
      Math.round(value * 100) / 100,
    ]),
  )
}

export const from = (
  ip: string,
  user_agent = FIREFOX,
  more: Partial<DecisionInput> = {},
): Partial<DecisionInput> => ({
  context: { ip, user_agent },
  ...more,
})
export const session = (session_id: string): Partial<DecisionInput> => ({
  subject: { type: 'user', id: 'alice', session_id },
})
export const daily = (days: number, over: Partial<DecisionInput> = {}): Step[] =>
  Array.from({ length: days }, (_, day): Step => [day * DAY, over])
