import type { Detector, EnrichedDecision } from '../detector.ts'
import { f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { networkName } from '../state/habits/network-name.ts'
import { decay } from '../statistics/decay.ts'

export interface ServiceInteractiveOptions {
  readonly leastUses: number
  readonly halfLifeMs: number
}

/**
 * Interactive use of a service account: a browser appears where only programs
 * were.
 *
 * Catches a person who uses a program's credentials by hand, at the first
 * request. Misses one who uses them with a program, and accounts that the
 * enforcement point does not mark as a service's.
 *
 * False positives: an operator who tries something out. Who does it often gets
 * used to it.
 *
 *     score = log2(1 + n) / (1 + b),  n = uses by programs, at most 1023,
 *     b = days on which a browser was seen before, half-life 30 days; 0 below n = 20
 *
 * A client is a browser when its user agent begins as all browsers' do, says what
 * device it runs on, and is no crawler's.
 *
 * Cost: O(1), 24 bytes a subject.
 *
 * @see MITRE ATT&CK T1078.004, Valid Accounts: Cloud Accounts.
 * @example 200 uses by a program, then Firefox: 7.7; the next day 3.9.
 */
export function serviceInteractive({
  leastUses = 20,
  halfLifeMs = 30 * 86_400_000,
}: Partial<ServiceInteractiveOptions> = {}): Detector<EnrichedDecision, ServiceState> {
  const before = (state: Readonly<ServiceState>, input: EnrichedDecision) => {
    const today = Math.floor(input.at_ms / DAY_MS) === state.day ? 1 : 0
    return Math.max(0, state.days * decay(input.at_ms - state.day * DAY_MS, halfLifeMs) - today)
  }
  return {
    id: 'service-interactive',
    version: 1,
    entity: 'subject',
    technique: 'T1078.004',
    thresholds: { medium: 4.3, high: 7 },
    layout: serviceLayout,
    score: (state, input) =>
      !isService(input) || !input.permitted || state.uses < leastUses || !byHand(input)
        ? 0
        : Math.log2(1 + state.uses) / (1 + before(state, input)),
    learn(state, input) {
      if (!isService(input) || !input.permitted) return
      if (!byHand(input)) {
        state.uses = Math.min(MOST_USES, state.uses + 1)
        return
      }
      const day = Math.floor(input.at_ms / DAY_MS)
      if (day <= state.day) return
      state.days = state.days * decay((day - state.day) * DAY_MS, halfLifeMs) + 1
      state.day = day
    },
    explain(state, input) {
      const { user_agent: agent, source } = input.enrichment
      const client = `${agent.family} ${agent.major} on ${agent.os}`
      return {
        cause: 'credential',
        evidence: {
          client,
          uses_by_programs: state.uses,
          days_with_a_browser_before: Math.round(before(state, input) * 10) / 10,
          days_with_a_browser_expected: 0,
          network: networkName(source),
          ip: input.decision.context?.ip ?? null,
        },
        gates: [],
        summary: `A service account that programs use was used with ${client}.`.slice(0, 512),
      }
    },
  }
}

const DAY_MS = 86_400_000
const MOST_USES = 1023
const fields = { days: f64, day: u32, uses: u32 }
const serviceLayout = layout(fields)
type ServiceState = StateOf<typeof fields>

function isService(input: EnrichedDecision): boolean {
  return input.decision.subject.type === 'service'
}

/** Every browser calls itself Mozilla (RFC 9110, section 10.1.5, lets it); programs that name their system as well don't. */
function byHand(input: EnrichedDecision): boolean {
  const { device_type: device } = input.enrichment.user_agent
  return (
    device !== '' && device !== 'bot' && input.decision.context?.user_agent?.startsWith('Mozilla/') === true
  )
}
