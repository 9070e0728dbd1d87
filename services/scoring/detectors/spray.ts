import type { Detector, SourceActivity } from '../detector.ts'
import { f64, layout, type StateOf } from '../state/form/layout.ts'
import { slots } from '../state/form/slots.ts'
import { decay } from '../statistics/decay.ts'

export interface SprayOptions {
  readonly windowMs: number
  readonly homeMs: number
  readonly mostPerSubject: number
}

/**
 * Spray: one network tries the passwords of many accounts, few times each; or
 * stuffing: a list of stolen pairs, of which a few work.
 *
 * Catches both from one /24 or /56, also at a slow pace, and the account that
 * gave way. Misses a spray from many networks at once, each below the
 * threshold, one over fewer than ten accounts, and one from the network where
 * most of its victims are at work.
 *
 * False positives: an office behind one address on the day after a password
 * change: people fail there, but they get in soon after, and an account that
 * gets in counts no more. Who is at home there makes the score smaller.
 * Accounts that do not exist weigh 1/20: a host on the open internet is asked
 * for them all day, and nothing can come of it. When such a source does get in,
 * the accounts all count.
 *
 *     D = accounts that failed within W = 30 min and did not get in since, with at most 3 failures
 *         each, an unknown one weighing 0.05, each decayed by its age (half-life W)
 *     s = H / (H + F),  F = failures, half-life W;  H = entries, half-life a day
 *     score = D (1 - s);  at an entry with s < 0.1: D with all accounts weighing 1
 *
 * An entry is an account that was let in for the first time on a day, or since
 * it failed; what else it does there is not told (`enrich/activities.ts`). So
 * one busy account hides no spray.
 *
 * At most 64 accounts are held, so D ends there; fewer tries stay exact.
 *
 * Its p-value is the share of days of single networks that come to as much; the
 * declared threshold is the least, and rises where the budget asks for it.
 *
 * Cost: O(64), at most 1,600 bytes for a source that fails; 40 for others.
 *
 * @see MITRE ATT&CK T1110.003, Password Spraying; T1110.004, Credential Stuffing.
 * @example 12 known accounts fail once each within a minute: the last scores 12.0; 12 unknown ones 0.6.
 */
export function spray({
  windowMs = 1_800_000,
  homeMs = 86_400_000,
  mostPerSubject = 3,
}: Partial<SprayOptions> = {}): Detector<SourceActivity, SprayState> {
  const spread = (state: Readonly<SprayState>, input: SourceActivity, unknownWeight: number) => {
    const atMs = input.at_ms
    let sum = 0
    for (let index = 0; index < state.known.capacity; index++) {
      const key = state.known.key(index)
      if (key === 0 || key === input.subject || state.known.raw(index) > mostPerSubject) continue
      sum += decay(atMs - state.known.lastMs(index) - GRACE_MS, windowMs)
    }
    for (let index = 0; index < state.unknown.capacity; index++) {
      const key = state.unknown.key(index)
      if (key === 0 || key === input.subject) continue
      sum += unknownWeight * decay(atMs - state.unknown.lastMs(index) - GRACE_MS, windowMs)
    }
    return sum
  }
  const successShare = (state: Readonly<SprayState>) =>
    state.failed + state.entries === 0 ? 0 : state.entries / (state.failed + state.entries)
  const kept = (state: Readonly<SprayState>, atMs: number) => decay(atMs - state.last_ms, windowMs)
  return {
    id: 'spray',
    version: 2,
    entity: 'source',
    technique: 'T1110.003',
    thresholds: { medium: 10, high: 30 },
    layout: sprayLayout,
    score(state, input) {
      if (input.permitted) return successShare(state) < MOST_SUCCESSES ? spread(state, input, 1) : 0
      if (!input.credential_failure) return 0
      const own =
        state.known.raw(state.known.find(input.subject)) >= mostPerSubject
          ? 0
          : input.account_unknown
            ? UNKNOWN_WEIGHT
            : 1
      return (spread(state, input, UNKNOWN_WEIGHT) + own) * (1 - successShare(state))
    },
    learn(state, input) {
      const atMs = input.at_ms
      if (!input.permitted && !input.credential_failure) return
      state.failed *= kept(state, atMs)
      state.entries *= decay(atMs - state.last_ms, homeMs)
      state.last_ms = Math.max(state.last_ms, atMs)
      if (input.permitted) {
        state.entries += 1
        state.known.remove(input.subject)
        state.unknown.remove(input.subject)
        return
      }
      state.failed += 1
      const accounts = input.account_unknown ? state.unknown : state.known
      const index = accounts.find(input.subject)
      const forgotten = index !== -1 && atMs - accounts.lastMs(index) > 4 * windowMs
      accounts.add(input.subject, atMs, Infinity, forgotten ? 1 - accounts.raw(index) : 1)
    },
    explain(state, input) {
      const sinceMs = input.at_ms - 2 * windowMs
      const own = input.credential_failure ? 1 : 0
      const known =
        state.known.usedSince(sinceMs) +
        (input.account_unknown || state.known.find(input.subject) !== -1 ? 0 : own)
      const unknown = state.unknown.usedSince(sinceMs)
      const failures = Math.round(state.failed * kept(state, input.at_ms)) + own
      const share = successShare(state)
      return {
        cause: 'credential',
        evidence: {
          accounts_failed: known,
          accounts_failed_expected: 1,
          unknown_accounts: unknown,
          failures,
          success_share: Math.round(share * 1000) / 1000,
          window_minutes: windowMs / 60_000,
          gave_way: input.permitted,
          gave_way_subject: input.permitted ? input.activity.subject : null,
          ip: input.activity.ip,
          asn: input.activity.asn,
          country: input.activity.country,
        },
        gates:
          share >= 0.1 ? [{ name: 'ordinary_successes', factor: Math.round((1 - share) * 100) / 100 }] : [],
        summary: input.permitted
          ? `After failing for ${known + unknown} accounts, ${input.activity.entity.id} signed in as ${input.activity.subject}.`.slice(
              0,
              512,
            )
          : `Sign-ins failed for ${known} accounts from ${input.activity.entity.id} within an hour.`,
        with_refused: true,
      }
    },
  }
}

const UNKNOWN_WEIGHT = 0.05
/** Where more sign-ins succeed, people are at work. */
const MOST_SUCCESSES = 0.1
/** A try counts whole for this long: decay within one sweep would hide its last accounts. */
const GRACE_MS = 600_000
const fields = { failed: f64, entries: f64, last_ms: f64, known: slots(64), unknown: slots(32) }
const sprayLayout = layout(fields)
type SprayState = StateOf<typeof fields>
