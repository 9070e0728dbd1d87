import type { Detector, EnrichedDecision } from '../detector.ts'
import { clientOf } from '../state/habits/visits.ts'
import { layout, u32, type StateOf } from '../state/form/layout.ts'
import { networkName } from '../state/habits/network-name.ts'
import { secondOf } from '../state/second-of.ts'

export interface DormantAccountOptions {
  readonly leastDays: number
}

/**
 * Dormant account: an account that nobody used for weeks is used again, by
 * somebody who is not where its owner was.
 *
 * Catches an account of somebody who left, or of a forgotten contractor, when
 * it is taken over. Misses one that was never used before, and one that slept for
 * longer than scoring remembers (90 days, `scoring.idle_days`): that one is new. A
 * week of silence with the owner's provider and browser says little by itself; it is
 * for being seen beside something else, a computer that is not known above all.
 *
 * False positives: parental leave and long journeys, when they end with a new
 * telephone. So a known provider, a known browser each halve the score, and the
 * owner's computer, where it is one that is known, leaves a quarter.
 *
 *     score = d * (1/2 if the AS is one of the last three) * (1/2 if browser and system are
 *             those of the last computer, or telephone) * (1/4 if the device is the last one known)
 *     d = days since the last permitted request; 0 below 7 or before 5 used days
 *
 * and at most 7.5 where provider and browser both are known ones: somebody's return, however long the leave was.
 *
 * Calm after the first day back.
 *
 * Cost: O(1), 40 bytes a subject.
 *
 * @see MITRE ATT&CK T1078, Valid Accounts; CIS Controls 8.1, control 5.3 (disable dormant accounts after 45 days).
 * @example 60 days of silence, then another provider and browser: 60; another provider, the same browser: 30; all as before, on the known laptop: 3.8.
 */
export function dormantAccount({ leastDays = 7 }: Partial<DormantAccountOptions> = {}): Detector<
  EnrichedDecision,
  DormantState
> {
  const silent = (state: Readonly<DormantState>, input: EnrichedDecision) => {
    if (!input.permitted || state.days < LEAST_DAYS) return 0
    // On the day of the return the silence before it still counts, so that the finding goes on.
    const today = input.at_ms - state.back_s * 1000 < DAY_MS
    const since = today ? state.before_s : state.last_s
    const until = today ? state.back_s : secondOf(input)
    return (until - since) / DAY_S
  }
  const score = (state: Readonly<DormantState>, input: EnrichedDecision) => {
    const days = silent(state, input)
    if (days < leastDays) return 0
    const network = sameNetwork(state, input)
    const client = sameClient(state, input)
    const left = days * (network ? KNOWN : 1) * (client ? KNOWN : 1)
    return Math.min(
      network && client ? MOST_KNOWN : Infinity,
      left * (sameDevice(state, input) ? KNOWN_DEVICE : 1),
    )
  }
  return {
    id: 'dormant-account',
    version: 2,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 8, high: 40 },
    layout: dormantLayout,
    score,
    ungated: silent,
    learn(state, input, _population, standing) {
      const now = secondOf(input)
      if (!input.permitted || now < state.last_s) return
      if (state.last_s !== 0 && now - state.last_s >= leastDays * DAY_S) {
        state.before_s = state.last_s
        state.back_s = now
      }
      if (Math.floor(now / DAY_S) !== Math.floor(state.last_s / DAY_S))
        state.days = Math.min(1000, state.days + 1)
      state.last_s = now
      if (!standing.calm && state.days >= LEAST_DAYS) return
      keepNetwork(state, input.asn)
      if (input.device !== 0) state.device = input.device
      if (input.family === 0) return
      if (isComputer(input)) state.computer = clientOf(input)
      else state.telephone = clientOf(input)
    },
    explain(state, input) {
      const days = silent(state, input)
      const network = sameNetwork(state, input)
      const client = sameClient(state, input)
      const { source, user_agent: agent } = input.enrichment
      const device = sameDevice(state, input)
      const gate = (name: string, applies: boolean, factor: number) => (applies ? [{ name, factor }] : [])
      return {
        cause: 'credential',
        evidence: {
          silent_days: Math.round(days * 10) / 10,
          silent_days_expected: 1,
          used_days_before: state.days,
          same_network: network,
          same_client: client,
          same_device: device,
          network: networkName(source),
          client: `${agent.family} on ${agent.os}`,
          ip: input.decision.context?.ip ?? null,
        },
        gates: [
          ...gate('same_network', network, KNOWN),
          ...gate('same_client', client, KNOWN),
          ...gate('same_device', device, KNOWN_DEVICE),
        ],
        summary: `Used again after ${Math.round(days)} days of silence.`,
      }
    },
  }
}

const DAY_MS = 86_400_000
/** Of use, before silence means anything. */
const LEAST_DAYS = 5
const DAY_S = 86_400
/** What is left of a score where the network, or the client, is a known one. */
const KNOWN = 0.5
const KNOWN_DEVICE = 0.25
const MOST_KNOWN = 7.5
const fields = {
  last_s: u32,
  before_s: u32,
  back_s: u32,
  days: u32,
  device: u32,
  computer: u32,
  telephone: u32,
  asn0: u32,
  asn1: u32,
  asn2: u32,
}
const dormantLayout = layout(fields)
type DormantState = StateOf<typeof fields>

function isComputer({ enrichment }: EnrichedDecision): boolean {
  return enrichment.user_agent.device_type === 'desktop'
}

/** The last three operators' networks, the newest first. */
function keepNetwork(state: DormantState, asn: number): void {
  if (asn === 0 || asn === state.asn0) return
  if (asn !== state.asn1) state.asn2 = state.asn1
  state.asn1 = state.asn0
  state.asn0 = asn
}

function sameNetwork({ asn0, asn1, asn2 }: Readonly<DormantState>, { asn }: EnrichedDecision): boolean {
  return asn !== 0 && (asn === asn0 || asn === asn1 || asn === asn2)
}

function sameClient({ computer, telephone }: Readonly<DormantState>, input: EnrichedDecision): boolean {
  return input.family !== 0 && clientOf(input) === (isComputer(input) ? computer : telephone)
}

function sameDevice({ device }: Readonly<DormantState>, input: EnrichedDecision): boolean {
  return input.device !== 0 && input.device === device
}
