import { REFUSED, RESOURCE } from './terms.ts'

const SUBJECT_SET = `initializeAggregation('uniqCombinedState(12)', toUInt32(cityHash64(subject_type, subject_id)))`

/**
 * Roll-ups, and how each of their columns is read from a decision: which is
 * done for days that are not rolled up, and for the beginning of a range that
 * begins in the midst of one. `at` is when; rolled up by hour or by day, it is
 * the beginning of that.
 */
export const ROLL_UPS = {
  decisions_by_hour: {
    at: 'hour',
    same: `origin, resource_app, outcome, would_be, caused_by, reasons, policy_revision, policy_rule_id, policy_route_id,
      policy_shadow_revision, policy_shadow_outcome`,
    made: { unmanaged: 'toUInt64(ifNull(device_managed, true) = false)', last_at: 'decided_at' },
  },
  decisions_by_day: {
    at: 'day',
    same: `origin, resource_app, outcome, would_be, reasons, policy_revision, policy_rule_id, policy_route_id,
      policy_shadow_revision, policy_shadow_outcome, device_tier, subject_amr, action_name`,
    made: {
      resource: RESOURCE,
      sensitivity: 'enrichment_resource_sensitivity',
      last_at: 'decided_at',
      subject_set: SUBJECT_SET,
    },
  },
  subjects_by_hour: {
    at: 'hour',
    same: 'origin, resource_app',
    made: { subject_set: SUBJECT_SET },
  },
  subjects_by_day: {
    at: 'day',
    same: `origin, subject_type, subject_id, resource_app, outcome, reasons, policy_revision, policy_rule_id,
      enrichment_source_country, enrichment_source_prefix, enrichment_source_as_org, enrichment_source_network_kind`,
    made: {
      first_at: 'decided_at',
      last_at: 'decided_at',
      resource_bits: `bitShiftLeft(toUInt64(1), cityHash64(${RESOURCE}) % 64)`,
    },
  },
  gateways_by_hour: {
    at: 'hour',
    same: `origin, pep_id, pep_kind, pep_boot_id, pep_version, policy_revision, outcome, device_tier, device_posture`,
    made: {
      managed: 'ifNull(toInt8(device_managed), -1)',
      stale: `toUInt64(has(reasons, 'risk_stale') OR ifNull(risk_at_decision_age_ms, 0) > 60000)`,
      numbered: 'toUInt64(pep_seq IS NOT NULL)',
      pinned: `toUInt64(chain_prev != '' AND pep_seq IS NOT NULL)`,
      first_seq: 'ifNull(pep_seq, 18446744073709551615)',
      last_seq: 'ifNull(pep_seq, 0)',
      first_at: 'decided_at',
      last_at: 'decided_at',
    },
  },
  stays_by_day: {
    at: 'day',
    generation: 2,
    hours: 'hours',
    same: `origin, subject_type, subject_id, subject_session_id, device_id, enrichment_source_prefix, enrichment_source_country, enrichment_source_region,
      enrichment_source_city, context_tls_fingerprint, enrichment_user_agent_family, enrichment_user_agent_major, enrichment_user_agent_os, outcome, reasons,
      enrichment_source_as_org, enrichment_source_network_kind, enrichment_source_latitude, enrichment_source_longitude, enrichment_source_accuracy_km`,
    made: { first_at: 'decided_at', last_at: 'decided_at' },
  },
  uses_by_day: {
    at: 'day',
    generation: 2,
    same: 'origin, subject_type, subject_id, resource_app, action_name, enrichment_source_prefix',
    made: {
      resource: RESOURCE,
      refusals: `toUInt64(${REFUSED})`,
      first_at: `toDateTime(decided_at, 'UTC')`,
    },
  },
  groups_by_day: {
    at: 'day',
    generation: 2,
    same: 'subject_type, subject_id',
    made: { names: 'arrayMap(name -> toString(name), subject_groups)', last_at: 'decided_at' },
    of: `notEmpty(subject_groups) AND subject_type != 'anonymous'`,
  },
  devices_by_day: {
    at: 'day',
    same: 'origin, device_id, device_os, device_posture, device_tier, subject_type, subject_id',
    made: { permitted: `toUInt64(outcome = 'permit')`, first_at: 'decided_at', last_at: 'decided_at' },
    of: `device_id != ''`,
  },
} as const satisfies Readonly<
  Record<
    string,
    {
      at: 'hour' | 'day'
      same: string
      made: Readonly<Record<string, string>>
      of?: string
      /** A column with the decisions by hour of the day. */
      hours?: string
      /** Which roll-ups a day must have had, where these are not the first; see `025_add_generation_to_decision_days.sql`. */
      generation?: number
    }
  >
>
export type RollUp = keyof typeof ROLL_UPS

/** What a column of a roll-up is called where it is not as here: aliases of a query would hide those. */
export const STORED: Readonly<Record<string, string>> = {
  subject_set: 'subjects',
  resource_bits: 'resources',
  names: 'subject_groups',
  refusals: 'refused',
}
