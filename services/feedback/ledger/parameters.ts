import type { EntityType } from '../../../schemas/entity.ts'

/** What the ledger is tuned by. Log-odds are in nats; durations in ms. */
export interface LedgerParameters {
  /** Log-odds of compromise with no evidence at all: -4 is a score of 1.8. */
  readonly prior_nats: number
  /** After this long, evidence weighs half. */
  readonly half_life_ms: Readonly<Record<EntityType, number>>
  /** How much a second piece of evidence of one cause counts beside the strongest: `max + dampening × rest`. */
  readonly dampening: number
  /** The most that one cause adds: below what `revoke_score` needs, so that a noisy detector can't climb there alone. */
  readonly cause_cap_nats: number
  readonly enter_medium: number
  readonly leave_medium: number
  readonly enter_high: number
  readonly leave_high: number
  /** A revoke needs this score, and two causes of at least `revoke_cause_nats` each. */
  readonly revoke_score: number
  readonly revoke_cause_nats: number
  /** How long a restriction lasts when nothing new comes in. */
  readonly ttl_medium_ms: number
  readonly ttl_high_ms: number
  /** The same for what an analyst confirmed. */
  readonly ttl_confirmed_ms: number
  /** One happening restricts an entity no longer than this by itself; then a person must decide. */
  readonly max_restriction_ms: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Half-lives follow what the handle outlives: a session is gone in a day, a
 * person's or a device's compromise is not, an address is somebody else's
 * tomorrow (DHCP, carrier NAT). Thresholds for revoking are those of
 * reference D9: 95 and two causes.
 */
export const DEFAULT_PARAMETERS: LedgerParameters = {
  prior_nats: -4,
  half_life_ms: {
    session: 6 * HOUR_MS,
    subject: 7 * DAY_MS,
    device: 7 * DAY_MS,
    source: DAY_MS,
    asn: DAY_MS,
    client: DAY_MS,
    resource: DAY_MS,
    policy_rule: DAY_MS,
    pep: DAY_MS,
  },
  dampening: 0.3,
  cause_cap_nats: 6.5,
  enter_medium: 40,
  leave_medium: 30,
  enter_high: 75,
  leave_high: 65,
  revoke_score: 95,
  revoke_cause_nats: 2,
  ttl_medium_ms: HOUR_MS,
  ttl_high_ms: 4 * HOUR_MS,
  ttl_confirmed_ms: 7 * DAY_MS,
  max_restriction_ms: DAY_MS,
}
