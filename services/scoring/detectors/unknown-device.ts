import type { Detector, EnrichedDecision } from '../detector.ts'
import type { Population } from '../state/population/population.ts'
import { layout, type StateOf } from '../state/form/layout.ts'
import { combine, hash32 } from '../state/hash.ts'
import { ipv4Number } from '../state/ipv4.ts'
import { slots } from '../state/form/slots.ts'
import { provedWithKey } from '../state/habits/strong-proof.ts'
import { isSharedExit } from '../state/habits/shared-exit.ts'

export interface UnknownDeviceOptions {
  readonly halfLifeMs: number
  readonly countEveryMs: number
  readonly pseudoCount: number
}

/**
 * Unknown device: a subject whose computer the enforcement point always knows
 * comes with a computer that it does not know.
 *
 * Catches stolen credentials in the hands of somebody with the right provider,
 * browser and hours: what is not copied is the device's certificate. Misses
 * subjects whose computer was never known, thieves who come with a telephone,
 * and enforcement points that name no device.
 *
 * False positives: an evening at a computer of one's own. It is known once it
 * came on three days. Gates: proved_with_a_key 0.3 (one that can't be phished was
 * used within the hour), own_address 0.3 (the very address at which the subject was
 * within eight days, with a known device or a telephone, and behind whose network
 * fewer than three people are: one household).
 *
 *     score = ln(q / p),  p = (b + m q) / (n + b + m),  q = 0.1,  m = 2
 *
 * with n visits with a known device on this system (on any, where it is a new
 * one) and b without; a visit counts once in ten minutes, with a half-life of 30
 * days, at most 60 of each. Telephones are seldom known, and score 0.
 *
 * Cost: 6 slots, at most 90 bytes a subject; O(6).
 *
 * @see NIST SP 800-207, section 3.1.1 (device identity in a zero-trust
 *   architecture); MITRE ATT&CK T1078.
 * @example 60 visits with a known laptop, then without: 3.4; 20 visits: 2.4.
 */
export function unknownDevice({
  halfLifeMs = 30 * 86_400_000,
  countEveryMs = 600_000,
  pseudoCount = 2,
}: Partial<UnknownDeviceOptions> = {}): Detector<EnrichedDecision, DeviceState> {
  const weightOf = (state: Readonly<DeviceState>, key: number, atMs: number) =>
    Math.min(MOST_VISITS, state.visits.weight(state.visits.find(key), atMs, halfLifeMs))
  const visits = (state: Readonly<DeviceState>, input: EnrichedDecision) => {
    const here = weightOf(state, knownOn(input), input.at_ms)
    const known = here > 0 ? here : weightOf(state, ANYWHERE, input.at_ms)
    return { known, bare: weightOf(state, bareOn(input), input.at_ms) }
  }
  const score = (state: Readonly<DeviceState>, input: EnrichedDecision) => {
    if (input.device !== 0 || !input.vouched || !isComputer(input)) return 0
    const { known, bare } = visits(state, input)
    const share = (bare + pseudoCount * USUAL_SHARE) / (known + bare + pseudoCount)
    return Math.max(0, Math.log(USUAL_SHARE / share))
  }
  /** Where this subject is, and few others are: with a known device, or with a telephone. */
  const atHome = (state: Readonly<DeviceState>, input: EnrichedDecision) =>
    input.at_ms - state.addresses.lastMs(state.addresses.find(addressOf(input))) <= HOME_MS
  const gatesOf = (state: Readonly<DeviceState>, input: EnrichedDecision) => [
    ...(provedWithKey(input) ? [{ name: 'proved_with_a_key', factor: PROVED }] : []),
    ...(atHome(state, input) ? [{ name: 'own_address', factor: AT_HOME }] : []),
  ]
  const proved = (state: Readonly<DeviceState>, input: EnrichedDecision) => {
    const full = score(state, input)
    return full === 0 ? 0 : full * (provedWithKey(input) ? PROVED : 1) * (atHome(state, input) ? AT_HOME : 1)
  }
  return {
    id: 'unknown-device',
    version: 2,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 2.4, high: 3.3 },
    layout: deviceLayout,
    score: proved,
    ungated: score,
    learn(state, input, population, standing) {
      if (!input.permitted) return
      if ((input.device !== 0 || !isComputer(input)) && standing.calm) settle(state, input, population)
      if (!isComputer(input)) return
      const count = (key: number) => {
        if (input.at_ms - state.visits.lastMs(state.visits.find(key)) >= countEveryMs)
          state.visits.add(key, input.at_ms, halfLifeMs)
      }
      if (input.device !== 0) {
        count(knownOn(input))
        count(ANYWHERE)
        return
      }
      if (standing.calm || provedWithKey(input)) count(bareOn(input))
    },
    about: bareOn,
    explain(state, input) {
      const { known, bare } = visits(state, input)
      const { user_agent: agent } = input.enrichment
      const client = `${agent.family} ${agent.major} on ${agent.os}`
      return {
        cause: 'device',
        evidence: {
          client,
          visits_with_a_known_device: Math.round(known * 10) / 10,
          visits_without: Math.round(bare * 10) / 10,
          visits_without_expected: 0,
          ip: input.decision.context?.ip ?? null,
        },
        gates: gatesOf(state, input),
        summary: `Came with a computer that is not known (${client}); this subject's always is.`.slice(
          0,
          512,
        ),
      }
    },
  }
}

const MOST_VISITS = 60
/** An address counts once in so long. */
const COUNTED_MS = 3_600_000
/** Share of visits without a known device, of whom nothing is known. */
const USUAL_SHARE = 0.1
const PROVED = 0.3
const AT_HOME = 0.3
/** How long an address is held to be the subject's: providers give new ones. */
const HOME_MS = 8 * 86_400_000
const ADDRESS_HALF_LIFE_MS = 7 * 86_400_000
/** Visits with a known device, on any system. */
const ANYWHERE = 1

const fields = { visits: slots(4), addresses: slots(2) }
const deviceLayout = layout(fields)
type DeviceState = StateOf<typeof fields>

function knownOn({ os }: EnrichedDecision): number {
  return combine(2, os)
}

function bareOn({ os }: EnrichedDecision): number {
  return combine(3, os)
}

/** Remembers where the subject is itself, by the very address, as far as few others come from there. */
function settle(state: DeviceState, input: EnrichedDecision, population: Population): void {
  const address = addressOf(input)
  const known = state.addresses.find(address)
  if (known !== -1 && input.at_ms - state.addresses.lastMs(known) < COUNTED_MS) return
  if (isSharedExit(population, input.prefix, input.at_ms)) return
  state.addresses.add(address, input.at_ms, ADDRESS_HALF_LIFE_MS)
}

/** The address itself, not its network: a neighbour may be a thief. */
function addressOf(input: EnrichedDecision): number {
  const ip = input.decision.context?.ip ?? ''
  return ipv4Number(ip) || (ip === '' ? 0 : hash32(ip))
}

function isComputer({ decision, enrichment }: EnrichedDecision): boolean {
  return decision.subject.type === 'user' && enrichment.user_agent.device_type === 'desktop'
}
