import type { Detector, EnrichedDecision } from '../detector.ts'
import { layout, records, u32, type StateOf } from '../state/form/layout.ts'

export interface KnownBadSourceOptions {
  /** Days on which the subject was let in from a network before, from which on the network is theirs. */
  readonly usedToDays: number
  /** Days on which the subject was let in from anywhere, from which on a place can be new. */
  readonly settledDays: number
}

/**
 * Known-bad source: somebody comes from an address that is on a list of bad ones.
 *
 * Catches a stolen session or password that is used through an anonymising
 * exit, a rented server or a machine that attacks others, as far as the lists
 * know it. Misses every address that no list has yet, which is most: an address
 * on a list may have had another owner since, and one on none may be worse. So
 * it is never enough to act: a finding weighs at most 2.5 nats, several of them
 * no more than one, and an entity is restricted from 3.6 nats on.
 *
 * False positives: people who use such an exit by choice, an office whose
 * egress is on a list. Where somebody was let in on five days before, the
 * network is theirs and scores nothing. The price: who comes from one listed
 * network on five days, found on each, is found no more on the sixth.
 *
 *     score = 0       on no list, or of a network that is theirs
 *           = 3       listed
 *           = 6       listed, and neither network nor system is one they came from before
 *
 * Network is the /24 or /56, system the autonomous system. The last four networks are
 * known, with the number of days. A wrong password proves nobody's presence and
 * scores nothing; what the policy refuses does. HIGH asks for three days of history in
 * these networks together.
 *
 * Cost: O(4), at most 130 bytes a subject.
 *
 * @see MITRE ATT&CK T1090.003, Proxy: Multi-hop Proxy; STIX 2.1, section 4.7, Indicator.
 * @example after four days at home a sign-in from a listed address in another country: 6.
 */
export function knownBadSource({
  usedToDays = 5,
  settledDays = 3,
}: Partial<KnownBadSourceOptions> = {}): Detector<EnrichedDecision, SourceState> {
  const isNew = (state: Readonly<SourceState>, input: EnrichedDecision) =>
    daysOf(state) >= settledDays &&
    !state.places.some((each) => each.prefix === input.prefix || each.asn === input.asn)
  return {
    id: 'known-bad-source',
    version: 1,
    entity: 'subject',
    technique: 'T1090.003',
    thresholds: { medium: 3, high: 6 },
    most_nats: 2.5,
    layout: sourceLayout,
    score(state, input) {
      if (input.enrichment.source.lists === undefined || !input.vouched) return 0
      const place = find(state, input.prefix)
      if (place !== undefined && place.days - (place.day === dayOf(input) ? 1 : 0) >= usedToDays) return 0
      return isNew(state, input) ? 6 : 3
    },
    learn(state, input) {
      if (!input.permitted || input.prefix === 0) return
      const day = dayOf(input)
      const known = find(state, input.prefix)
      if (known === undefined) {
        const oldest = state.places.reduce((least, each) => (each.day < least.day ? each : least))
        if (oldest.prefix === 0 || oldest.day <= day)
          Object.assign(oldest, { prefix: input.prefix, asn: input.asn, day, days: 1 })
      } else if (day > known.day) {
        known.day = day
        known.days += 1
      }
    },
    explain(state, input) {
      const { source } = input.enrichment
      const lists = Object.entries(source.lists ?? {})
      const [name, version] = lists[0] ?? ['', '']
      const place = find(state, input.prefix)
      const context = isNew(state, input)
      return {
        cause: 'signal',
        evidence: {
          list: name,
          list_version: version,
          lists_total: lists.length,
          other_lists: lists
            .slice(1)
            .map((each) => each.join(' '))
            .join(', ')
            .slice(0, 512),
          ip: input.decision.context?.ip ?? null,
          asn: source.asn,
          as_org: source.as_org,
          country: source.country,
          network_new: place === undefined,
          context_new: context,
          days_here: place?.days ?? 0,
          days_anywhere: daysOf(state),
        },
        gates: [],
        summary:
          `The address is on ${lists.length === 1 ? `the list ${name}` : `${lists.length} lists, ${name} among them`}` +
          (context ? ', and neither its network nor its operator was ever used before.' : '.'),
      }
    },
  }
}

const DAY_MS = 86_400_000
const one = { prefix: u32, asn: u32, day: u32, days: u32 }
const fields = { places: records(4, one) }
const sourceLayout = layout(fields)
type Place = StateOf<typeof one>
type SourceState = StateOf<typeof fields>

function find(state: Readonly<SourceState>, prefix: number): Place | undefined {
  if (prefix === 0) return undefined
  for (const each of state.places) if (each.prefix === prefix) return each
  return undefined
}

function daysOf(state: Readonly<SourceState>): number {
  let days = 0
  for (const each of state.places) days += each.days
  return days
}

function dayOf(input: EnrichedDecision): number {
  return Math.max(0, Math.floor(input.at_ms / DAY_MS))
}
