import type { Detector, EnrichedDecision } from '../detector.ts'
import { f64, layout, u32, type StateOf } from '../state/layout.ts'
import { networkName } from '../state/network-name.ts'

export interface DormantAccountOptions {
  readonly leastDays: number
}

/**
 * Dormant account: an account that nobody used for weeks is used again, by
 * somebody who is not where its owner was.
 *
 * Catches an account of somebody who left, or of a forgotten contractor, when
 * it is taken over. Misses one whose new user has the old one's provider and
 * browser, one that was never used before, and one that slept for longer than
 * scoring remembers (90 days, `scoring.idle_days`): that one is new.
 *
 * False positives: parental leave and long journeys, when they end with a new
 * telephone. So a known provider, a known browser each halve the score.
 *
 *     score = d * (1/2 if the AS is the last one) * (1/2 if browser and system are),
 *     d = days since the last permitted request; 0 below 21 or before 5 used days
 *
 * Calm after the first day back.
 *
 * Cost: O(1), 40 bytes a subject.
 *
 * @see MITRE ATT&CK T1078, Valid Accounts; CIS Controls 8.1, control 5.3 (disable dormant accounts after 45 days).
 * @example 60 days of silence, then another provider and browser: 60; another provider, the same browser: 30.
 */
export function dormantAccount({ leastDays = 21 }: Partial<DormantAccountOptions> = {}): Detector<
  EnrichedDecision,
  DormantState
> {
  const silent = (state: Readonly<DormantState>, input: EnrichedDecision) => {
    if (!input.permitted || state.days < LEAST_DAYS) return 0
    // On the day of the return the silence before it still counts, so that the finding goes on.
    const since = input.at_ms - state.back_ms < DAY_MS ? state.before_ms : state.last_ms
    const until = input.at_ms - state.back_ms < DAY_MS ? state.back_ms : input.at_ms
    return (until - since) / DAY_MS
  }
  const score = (state: Readonly<DormantState>, input: EnrichedDecision) => {
    const days = silent(state, input)
    return days < leastDays
      ? 0
      : days * (sameNetwork(state, input) ? 0.5 : 1) * (sameClient(state, input) ? 0.5 : 1)
  }
  return {
    id: 'dormant-account',
    version: 1,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 30, high: 60 },
    layout: dormantLayout,
    score,
    ungated: silent,
    learn(state, input, _population, standing) {
      const { at_ms: atMs } = input
      if (!input.permitted || atMs < state.last_ms) return
      if (state.last_ms !== 0 && atMs - state.last_ms >= leastDays * DAY_MS) {
        state.before_ms = state.last_ms
        state.back_ms = atMs
      }
      const day = Math.floor(atMs / DAY_MS)
      if (day !== Math.floor(state.last_ms / DAY_MS)) state.days = Math.min(1000, state.days + 1)
      state.last_ms = atMs
      if (!standing.calm && state.days >= LEAST_DAYS) return
      if (input.asn !== 0) state.asn = input.asn
      if (input.family !== 0) [state.family, state.os] = [input.family, input.os]
    },
    explain(state, input) {
      const days = silent(state, input)
      const network = sameNetwork(state, input)
      const client = sameClient(state, input)
      const { source, user_agent: agent } = input.enrichment
      const half = (name: string, applies: boolean) => (applies ? [{ name, factor: 0.5 }] : [])
      return {
        cause: 'credential',
        evidence: {
          silent_days: Math.round(days * 10) / 10,
          silent_days_expected: 1,
          used_days_before: state.days,
          same_network: network,
          same_client: client,
          network: networkName(source),
          client: `${agent.family} on ${agent.os}`,
          ip: input.decision.context?.ip ?? null,
        },
        gates: [...half('same_network', network), ...half('same_client', client)],
        summary: `Used again after ${Math.round(days)} days of silence.`,
      }
    },
  }
}

const DAY_MS = 86_400_000
/** Of use, before silence means anything. */
const LEAST_DAYS = 5
const fields = {
  last_ms: f64,
  before_ms: f64,
  back_ms: f64,
  days: u32,
  asn: u32,
  family: u32,
  os: u32,
}
const dormantLayout = layout(fields)
type DormantState = StateOf<typeof fields>

function sameNetwork(state: Readonly<DormantState>, input: EnrichedDecision): boolean {
  return input.asn !== 0 && input.asn === state.asn
}

function sameClient(state: Readonly<DormantState>, input: EnrichedDecision): boolean {
  return input.family !== 0 && input.family === state.family && input.os === state.os
}
