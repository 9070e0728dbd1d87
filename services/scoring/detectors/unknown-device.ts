import type { Detector, EnrichedDecision } from '../detector.ts'
import { instantMs } from '../state/instant.ts'
import { layout, type StateOf } from '../state/layout.ts'
import { combine } from '../state/hash.ts'
import { slots } from '../state/slots.ts'

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
 * came on three days, and at once when a key that can't be phished was used
 * within the hour.
 *
 *     score = ln(q / p),  p = (b + m q) / (n + b + m),  q = 0.1,  m = 2
 *
 * with n visits with a known device on this system (on any, where it is a new
 * one) and b without; a visit counts once in ten minutes, with a half-life of 30
 * days, at most 60 of each. Telephones are seldom known, and score 0.
 *
 * Cost: 4 slots, at most 60 bytes a subject; O(4).
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
  const proved = (state: Readonly<DeviceState>, input: EnrichedDecision) =>
    score(state, input) * (strongly(input) ? PROVED : 1)
  return {
    id: 'unknown-device',
    version: 1,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 2.4, high: 3.3 },
    layout: deviceLayout,
    score: proved,
    ungated: score,
    learn(state, input, _population, standing) {
      if (!input.permitted || !isComputer(input)) return
      const count = (key: number) => {
        if (input.at_ms - state.visits.lastMs(state.visits.find(key)) >= countEveryMs)
          state.visits.add(key, input.at_ms, halfLifeMs)
      }
      if (input.device !== 0) {
        count(knownOn(input))
        count(ANYWHERE)
        return
      }
      if (standing.calm || strongly(input)) count(bareOn(input))
    },
    about: bareOn,
    explain(state, input) {
      const { known, bare } = visits(state, input)
      const { user_agent: agent } = input.enrichment
      const client = `${agent.family} ${agent.major} on ${agent.os}`
      const factor = strongly(input) ? PROVED : 1
      return {
        cause: 'device',
        evidence: {
          client,
          visits_with_a_known_device: Math.round(known * 10) / 10,
          visits_without: Math.round(bare * 10) / 10,
          visits_without_expected: 0,
          ip: input.decision.context?.ip ?? null,
        },
        gates: factor < 1 ? [{ name: 'proved_with_a_key', factor }] : [],
        summary: `Came with a computer that is not known (${client}); this subject's always is.`.slice(
          0,
          512,
        ),
      }
    },
  }
}

const MOST_VISITS = 60
/** Share of visits without a known device, of whom nothing is known. */
const USUAL_SHARE = 0.1
const PROVED = 0.3
const FRESH_MS = 3_600_000
const STRONG = new Set(['hwk', 'fido', 'pop', 'swk'])
/** Visits with a known device, on any system. */
const ANYWHERE = 1

const fields = { visits: slots(4) }
const deviceLayout = layout(fields)
type DeviceState = StateOf<typeof fields>

function knownOn({ os }: EnrichedDecision): number {
  return combine(2, os)
}

function bareOn({ os }: EnrichedDecision): number {
  return combine(3, os)
}

function isComputer({ decision, enrichment }: EnrichedDecision): boolean {
  return decision.subject.type === 'user' && enrichment.user_agent.device_type === 'desktop'
}

/** Proved within the hour with a key that can't be phished (RFC 8176 `amr`). */
function strongly(input: EnrichedDecision): boolean {
  const { amr, authenticated_at: since } = input.decision.subject
  if (amr === undefined || since === undefined) return false
  return input.at_ms - instantMs(since) <= FRESH_MS && amr.some((method) => STRONG.has(method))
}
