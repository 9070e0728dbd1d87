import type { Detector, EnrichedDecision } from '../detector.ts'
import { combine } from '../state/hash.ts'
import { instantMs } from '../state/instant.ts'
import { networkName } from '../state/habits/network-name.ts'
import type { Population } from '../state/population/population.ts'
import { f32, f64, layout, records, u32, type StateOf } from '../state/form/layout.ts'
import { slots, type Slots } from '../state/form/slots.ts'
import { backedOffShare } from '../statistics/backed-off-share.ts'
import { decay } from '../statistics/decay.ts'
import { smoothedShare } from '../statistics/smoothed-share.ts'

export interface UnfamiliarContextOptions {
  readonly halfLifeMs: number
  readonly countEveryMs: number
  readonly pseudoCount: number
  readonly mostObservations: number
}

/**
 * Unfamiliar context: a subject comes from a network and with a client that it
 * does not use.
 *
 * Catches stolen credentials and sessions used from the thief's own network and
 * browser. Misses a thief who copies both (same provider, same browser), and
 * anything in the first days of a subject: with no history the score is 0 by
 * construction.
 *
 * False positives: a new laptop on the first day of a journey. A new network
 * alone, or a new browser alone, stays below the first threshold. A session that
 * goes on in the browser in which it was counts half (gate session_goes_on): its
 * owner carries the computer about, and a stolen session is `session-replay`'s.
 *
 * The likelihood ratio of risk-based authentication, in nats:
 *
 *     score = sum over features k of ln p(x_k) - ln p(x_k | u)
 *     p(v)     = (c_v + 1) / (N + V + 1)        over the tenant's subjects
 *     p(v | u) = (c_uv + m p(v)) / (n_u + m),   m = 2
 *
 * with two features, each backed off over levels: network = 0.6 prefix + 0.3
 * AS + 0.1 country; client = 0.5 browser, version and system + 0.3 browser +
 * 0.2 system. The address itself is no level: providers give out new ones. The
 * price: in a country in which all of the tenant is, another network says little. Counts decay with 30 days, so that a monthly second home
 * survives. One context counts once in ten minutes, not once a request, and at
 * most 60 observations weigh: the largest factor of a feature is 62 / 2, ln 31 =
 * 3.4 nats. A hosting or relay network that is new adds 0.5. How often somebody
 * signs in at all (the paper's p(u | attack) / p(u | legitimate)) is left out: it
 * tells who, not what, and makes rare users alarming.
 *
 * Learns from decisions that permitted and were calm, or were proved by a
 * strong second factor (poisoning guard).
 *
 * Cost: 34 slots, at most 480 bytes a subject; O(40) a decision.
 *
 * @see Freeman, Jain, Dürmuth, Biggio, Giacinto, "Who Are You? A Statistical
 *   Approach to Measuring User Authenticity", NDSS 2016; Wiefling, Lo Iacono,
 *   Dürmuth, "Is This Really You?", IFIP SEC 2019.
 * @example 28 observations of one context, then another network and client: 5.4; another network alone: 2.7.
 */
export function unfamiliarContext({
  halfLifeMs = 30 * 86_400_000,
  countEveryMs = 600_000,
  pseudoCount = 2,
  mostObservations = 60,
}: Partial<UnfamiliarContextOptions> = {}): Detector<EnrichedDecision, ContextState> {
  const feature = (
    state: Readonly<ContextState>,
    levels: readonly Level[],
    observed: number,
    input: EnrichedDecision,
    population: Population,
  ): number => {
    const atMs = input.at_ms
    const n = observed * decay(atMs - state.last_ms, halfLifeMs)
    if (n === 0) return 0
    const scale = Math.min(1, mostObservations / n)
    let everyone = 0
    let own = 0
    for (const { kind, weight } of levels) {
      const value = input[kind]
      const share = smoothedShare(
        population.count(kind, value, atMs),
        population.total(kind, atMs),
        population.distinct(kind),
      )
      const slotsOf = state[kind]
      const count = slotsOf.weight(slotsOf.find(value), atMs, halfLifeMs)
      everyone += weight * share
      own += weight * backedOffShare(Math.min(count, n) * scale, n * scale, share, pseudoCount)
    }
    return Math.log(everyone / own)
  }
  const network = (state: Readonly<ContextState>, input: EnrichedDecision, population: Population) => {
    if (input.prefix === 0) return 0
    const kind = input.enrichment.source.network_kind
    const suspect = (kind === 'hosting' || kind === 'relay') && state.asn.find(input.asn) === -1
    const nats = feature(state, NETWORK, state.networks, input, population)
    return suspect && nats > 0 ? nats + 0.5 : nats
  }
  const client = (state: Readonly<ContextState>, input: EnrichedDecision, population: Population) =>
    input.agent === 0 ? 0 : feature(state, CLIENT, state.clients, input, population)

  const strangeness = (state: Readonly<ContextState>, input: EnrichedDecision, population: Population) =>
    network(state, input, population) + client(state, input, population)

  return {
    id: 'unfamiliar-context',
    version: 2,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 4, high: 5.5 },
    wary: 2.5,
    about: (input) => combine(input.prefix || 1, input.agent || 1),
    layout: contextLayout,
    // A guess at the password says nothing of its owner: else whoever fails to sign in as somebody restricts them.
    score: (state, input, population) =>
      input.vouched ? strangeness(state, input, population) * (goesOn(state, input) ? GOES_ON : 1) : 0,
    ungated: strangeness,
    familiar(state, input) {
      if (input.prefix === 0 || state.networks < LEAST_KNOWN) return undefined
      return state.prefix.find(input.prefix) !== -1
    },
    learn(state, input, population, standing) {
      if (input.permitted && standing.calm) keepSession(state, input)
      if (!input.permitted || !(standing.calm || strongly(input))) return
      const atMs = input.at_ms
      const newNetwork = input.prefix !== 0 && due(state.prefix, input.prefix, atMs, countEveryMs)
      const newClient = input.agent !== 0 && due(state.agent, input.agent, atMs, countEveryMs)
      if (!newNetwork && !newClient) return
      const kept = decay(atMs - state.last_ms, halfLifeMs)
      state.networks = Math.fround(state.networks * kept + (newNetwork ? 1 : 0))
      state.clients = Math.fround(state.clients * kept + (newClient ? 1 : 0))
      state.last_ms = Math.max(state.last_ms, atMs)
      if (newNetwork) count(state, NETWORK, input, population, halfLifeMs)
      if (newClient) count(state, CLIENT, input, population, halfLifeMs)
    },
    explain(state, input, population) {
      const fromNetwork = network(state, input, population)
      const fromClient = client(state, input, population)
      const { source, user_agent: agent } = input.enrichment
      const where = networkName(source)
      const clientText = `${agent.family} ${agent.major} on ${agent.os}`
      return {
        // A place has a detector of its own (impossible-travel). Where network and client are about equally
        // strange, this one speaks for the client, so that the two are independent causes.
        cause: fromNetwork > fromClient + 0.5 ? 'location' : 'device',
        evidence: {
          network_nats: round(fromNetwork),
          client_nats: round(fromClient),
          network: where.slice(0, 500),
          client: clientText,
          ip: input.decision.context?.ip ?? null,
          prefix_seen: state.prefix.find(input.prefix) !== -1,
          asn_seen: state.asn.find(input.asn) !== -1,
          country_seen: state.country.find(input.country) !== -1,
          browser_seen: state.family.find(input.family) !== -1,
          system_seen: state.os.find(input.os) !== -1,
          baseline_observations: round(state.networks * decay(input.at_ms - state.last_ms, halfLifeMs)),
        },
        gates: goesOn(state, input) ? [{ name: 'session_goes_on', factor: GOES_ON }] : [],
        summary: `Came from ${where} with ${clientText}, which this subject does not use.`.slice(0, 512),
      }
    },
  }
}

interface Level {
  readonly kind: 'prefix' | 'asn' | 'country' | 'agent' | 'family' | 'os'
  readonly weight: number
}
const NETWORK: readonly Level[] = [
  { kind: 'prefix', weight: 0.6 },
  { kind: 'asn', weight: 0.3 },
  { kind: 'country', weight: 0.1 },
]
const CLIENT: readonly Level[] = [
  { kind: 'agent', weight: 0.5 },
  { kind: 'family', weight: 0.3 },
  { kind: 'os', weight: 0.2 },
]
const STRONG = new Set(['hwk', 'fido', 'pop', 'swk'])
const FRESH_MS = 3_600_000
/** What is left of a score where the session goes on. */
const GOES_ON = 0.5
/** Contexts from which on it is known where somebody usually is. */
const LEAST_KNOWN = 3

const fields = {
  networks: f32,
  clients: f32,
  last_ms: f64,
  prefix: slots(8),
  asn: slots(6),
  country: slots(4),
  agent: slots(6),
  family: slots(5),
  os: slots(5),
  sessions: records(2, { session: u32, client: u32 }),
}
const contextLayout = layout(fields)
type ContextState = StateOf<typeof fields>

/** A session that goes on in the browser in which it was: somebody who carries a computer about. */
function goesOn({ sessions }: Readonly<ContextState>, input: EnrichedDecision): boolean {
  if (input.session === 0 || input.agent === 0) return false
  for (const { session, client } of sessions)
    if (session === input.session && client === combine(input.family, input.os)) return true
  return false
}

/** Remembers the sessions of two clients, one of each. */
function keepSession({ sessions }: ContextState, input: EnrichedDecision): void {
  const [first, second] = sessions
  if (input.session === 0 || input.agent === 0 || first === undefined || second === undefined) return
  const client = combine(input.family, input.os)
  // A session of a client takes the place of that client's last one, else of the one that came first.
  if (second.client === client) second.session = input.session
  else if (first.client === client) first.session = input.session
  else {
    first.session = second.session
    first.client = second.client
    second.session = input.session
    second.client = client
  }
}

/** Whether a value was last counted long enough ago. */
function due(values: Slots, value: number, atMs: number, everyMs: number): boolean {
  return Math.abs(atMs - values.lastMs(values.find(value))) >= everyMs
}

function count(
  state: ContextState,
  levels: readonly Level[],
  input: EnrichedDecision,
  population: Population,
  halfLifeMs: number,
): void {
  for (const { kind } of levels) {
    state[kind].add(input[kind], input.at_ms, halfLifeMs)
    population.add(kind, input[kind], input.at_ms)
  }
}

/** Proved within the hour with a key that can't be phished (RFC 8176 `amr`). */
function strongly(input: EnrichedDecision): boolean {
  const { amr, authenticated_at: since } = input.decision.subject
  if (amr === undefined || since === undefined) return false
  return input.at_ms - instantMs(since) <= FRESH_MS && amr.some((method) => STRONG.has(method))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
