import type { Detector, SourceActivity } from '../detector.ts'
import { bitmap } from '../state/form/bitmap.ts'
import { hash32 } from '../state/hash.ts'
import { f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { slots, type Slots } from '../state/form/slots.ts'
import { clamp } from '../statistics/clamp.ts'
import { decay } from '../statistics/decay.ts'
import { shareSurprise } from '../statistics/share-surprise.ts'

export interface DistributedSprayOptions {
  readonly windowMs: number
  readonly ordinaryHalfLifeMs: number
}

/**
 * Distributed spray: the passwords of many accounts are tried from networks that
 * none of them uses, with one client or through one provider: few tries each,
 * from one address each, slowly.
 *
 * Catches sprays and stuffing that `spray` can't see, since no network of theirs
 * fails twice, over a day and more. Misses one of fewer than six accounts in two days,
 * one that changes clients and providers as well, and one that comes from each
 * owner's own network.
 *
 * False positives: a client or a provider whose people travel and mistype. They
 * get in as well, and mistype at home more often: so it is not failures that
 * count but the share of them that come from elsewhere, held against what is
 * ordinary for this client or provider. When everybody fails, after a roll-out or
 * with the identity provider down, most of them fail at home, and the share
 * stays as it is. A popular browser's users are many; their ordinary tries stand
 * against the spray, which must be larger to be seen.
 *
 *     k = accounts that failed from a network that is not theirs, each decayed by its age
 *         (half-life W = 24 h); accounts that don't exist, or of which nothing is known, weigh 0.05
 *     n = k + other failures and entries from elsewhere, decayed alike
 *     p = (2 + K) / (40 + N), 0.01 to 0.6, of the calm days before, half-life 30 days
 *     score = k ln(q / p) + (n - k) ln((1 - q) / (1 - p)),  q = k / n;  0 while k < 6
 *
 * An entry from elsewhere scores as the failures do where fewer than a tenth of
 * the tries are entries: an account gave way. At most 64 accounts are held.
 *
 * Its p-value is the share of days of single clients, or of operators, that come to as much; the
 * declared threshold is the least, and rises where the budget asks for it.
 *
 * Cost: O(96), at most 1,300 bytes a client or provider that fails.
 *
 * @see MITRE ATT&CK T1110.003 and T1110.004; Herley, Schechter, "Distinguishing
 *   Attacks from Legitimate Authentication Traffic at Scale", NDSS 2019: what an
 *   attack adds is told by the share that is ordinary.
 * @example 7 accounts fail once each from 7 networks that are not theirs, with a client never seen: 21; 20 of 20: 59.9.
 */
export function distributedSpray({
  windowMs = 86_400_000,
  ordinaryHalfLifeMs = 30 * 86_400_000,
}: Partial<DistributedSprayOptions> = {}): Detector<SourceActivity, SprayState> {
  const sum = (accounts: Slots, input: SourceActivity) => {
    let all = 0
    for (let index = 0; index < accounts.capacity; index++) {
      const key = accounts.key(index)
      if (key !== 0 && key !== input.subject) all += decay(input.at_ms - accounts.lastMs(index), windowMs)
    }
    return all
  }
  const spread = (state: Readonly<SprayState>, input: SourceActivity) => {
    const own = !input.credential_failure ? 0 : isForeign(input) ? 1 : isUnknown(input) ? UNKNOWN_WEIGHT : 0
    return sum(state.known, input) + UNKNOWN_WEIGHT * sum(state.unknown, input) + own
  }
  const left = (state: Readonly<SprayState>, atMs: number) => decay(atMs - state.last_ms, windowMs)
  const ordinary = (state: Readonly<SprayState>, atMs: number) => {
    const kept = decay(atMs - state.ordinary_ms, ordinaryHalfLifeMs)
    return clamp((2 + state.ordinary_foreign * kept) / (40 + state.ordinary_all * kept), 0.01, 0.6)
  }
  const strangeness = (state: Readonly<SprayState>, input: SourceActivity) => {
    const k = spread(state, input)
    if (k < LEAST_ACCOUNTS) return 0
    return shareSurprise(
      k,
      k + (state.failures + state.entries) * left(state, input.at_ms),
      ordinary(state, input.at_ms),
    )
  }
  const entryShare = (state: Readonly<SprayState>, input: SourceActivity) => {
    const kept = left(state, input.at_ms)
    const all = spread(state, input) + (state.failures + state.entries) * kept
    return all === 0 ? 0 : (state.entries * kept) / all
  }
  return {
    id: 'distributed-spray',
    version: 1,
    entity: ['client', 'asn'],
    technique: 'T1110.003',
    thresholds: { medium: 20, high: 40 },
    quiet_ms: windowMs,
    layout: sprayLayout,
    score(state, input) {
      if (input.credential_failure)
        return isForeign(input) || isUnknown(input) ? strangeness(state, input) : 0
      return input.permitted && entryShare(state, input) < MOST_ENTRIES ? strangeness(state, input) : 0
    },
    learn(state, input, _population, standing) {
      const atMs = input.at_ms
      if (!input.permitted && !input.credential_failure) return
      fold(state, atMs, ordinaryHalfLifeMs)
      if (!standing.calm) state.restless = 1
      const kept = left(state, atMs)
      if (kept < FORGOTTEN) state.networks.clear()
      state.failures *= kept
      state.entries *= kept
      state.last_ms = Math.max(state.last_ms, atMs)
      const foreign = input.credential_failure && (isForeign(input) || isUnknown(input))
      if (foreign) {
        const accounts = isForeign(input) ? state.known : state.unknown
        accounts.add(input.subject, atMs, Infinity)
        state.networks.add(hash32(input.activity.ip))
      } else if (input.credential_failure) state.failures += 1
      else state.entries += 1
      state.day_all += 1
      if (foreign && isForeign(input)) state.day_foreign += 1
    },
    explain(state, input) {
      const sinceMs = input.at_ms - 2 * windowMs
      const accounts = state.known.usedSince(sinceMs) + (isForeign(input) && input.credential_failure ? 1 : 0)
      const share = Math.round(entryShare(state, input) * 1000) / 1000
      const kept = left(state, input.at_ms)
      const { entity, subject, ip } = input.activity
      const what = entity.type === 'asn' ? `the network operator AS${entity.id}` : `the client ${entity.id}`
      return {
        cause: 'credential',
        evidence: {
          accounts_failed_elsewhere: accounts,
          unknown_accounts: state.unknown.usedSince(sinceMs),
          networks: Math.round(state.networks.estimate()),
          failures_at_home: Math.round(state.failures * kept),
          entries_from_elsewhere: Math.round(state.entries * kept),
          ordinary_share_elsewhere: Math.round(ordinary(state, input.at_ms) * 1000) / 1000,
          baseline_tries: Math.round(state.ordinary_all),
          success_share: share,
          window_hours: (2 * windowMs) / 3_600_000,
          gave_way: input.permitted,
          gave_way_subject: input.permitted ? subject : null,
          ip,
        },
        gates: [],
        summary: (input.permitted
          ? `After ${accounts} accounts failed with ${what} from networks that are not theirs, ${subject} got in so.`
          : `Sign-ins of ${accounts} accounts failed with ${what} from networks that are not theirs.`
        ).slice(0, 512),
        with_refused: true,
      }
    },
  }
}

const UNKNOWN_WEIGHT = 0.05
const LEAST_ACCOUNTS = 6
/** Where more of the tries are entries, people are on the way. */
const MOST_ENTRIES = 0.1
/** So little is left of the window: what networks it came from is another story. */
const FORGOTTEN = 0.1
const DAY_MS = 86_400_000
const fields = {
  failures: f64,
  entries: f64,
  last_ms: f64,
  ordinary_foreign: f64,
  ordinary_all: f64,
  ordinary_ms: f64,
  day: u32,
  day_foreign: u32,
  day_all: u32,
  restless: u32,
  networks: bitmap(128),
  known: slots(64),
  unknown: slots(32),
}
const sprayLayout = layout(fields)
type SprayState = StateOf<typeof fields>

/** The account is known, and does not use this network. */
function isForeign({ activity, account_unknown }: SourceActivity): boolean {
  return activity.habits?.familiar === false && !account_unknown
}

function isUnknown({ activity, account_unknown }: SourceActivity): boolean {
  return activity.habits?.familiar === undefined || account_unknown
}

/** A day that is over becomes part of what is ordinary, unless something was found on it: an attack must not teach. */
function fold(state: SprayState, atMs: number, halfLifeMs: number): void {
  const day = Math.floor(atMs / DAY_MS)
  if (day <= state.day) return
  if (state.restless === 0) {
    const kept = decay(atMs - state.ordinary_ms, halfLifeMs)
    state.ordinary_foreign = state.ordinary_foreign * kept + state.day_foreign
    state.ordinary_all = state.ordinary_all * kept + state.day_all
    state.ordinary_ms = atMs
  }
  state.day = day
  state.day_foreign = 0
  state.day_all = 0
  state.restless = 0
}
