import { RESOURCE, SUBJECT } from './terms.ts'
import { ofTenant } from './variables.ts'

const SUBJECT_SET = `initializeAggregation('uniqCombinedState(12)', toUInt32(cityHash64(subject_type, subject_id)))`

/**
 * Roll-ups, and how each of their columns is read from a decision: which is
 * done for days that are not rolled up, and for the beginning of a range that
 * begins in the midst of one. `at` is when; rolled up by hour or by day, it is
 * the beginning of that.
 */
const ROLL_UPS = {
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
  devices_by_day: {
    at: 'day',
    same: 'origin, device_id, device_os, device_posture, device_tier, subject_type, subject_id',
    made: { permitted: `toUInt64(outcome = 'permit')`, first_at: 'decided_at', last_at: 'decided_at' },
    of: `device_id != ''`,
  },
} as const satisfies Readonly<
  Record<string, { at: 'hour' | 'day'; same: string; made: Readonly<Record<string, string>>; of?: string }>
>
export type RollUp = keyof typeof ROLL_UPS

/** What a column of a roll-up is called where it is not as here: aliases of a query would hide those. */
const STORED: Readonly<Record<string, string>> = { subject_set: 'subjects', resource_bits: 'resources' }

/** The first day of the range that is in it as a whole. */
const firstDay = (since: string) => `toStartOfDay(${since} - 1, 'UTC') + INTERVAL 1 DAY`
/** The first day that is not rolled up, or that of the range's end. */
const pendingOf = (
  whose: string,
) => `(SELECT least(toStartOfDay($__toTime, 'UTC'), toStartOfDay(now(), 'UTC'), ifNull(toDateTime(minOrNull(day), 'UTC'), toStartOfDay(now(), 'UTC')))
    FROM (SELECT day FROM decision_days WHERE ${whose} GROUP BY day HAVING max(rolled_at) = toDateTime64(0, 3, 'UTC') AND max(stored_at) > toDateTime64(0, 3, 'UTC')))`
const PENDING = pendingOf(ofTenant)

/** Columns over time in steps of less than an hour are not to be had from a roll-up. */
const PENDING_OVER_TIME = `if($__interval_s < 3600, toDateTime(0, 'UTC'), ${PENDING})`

interface RolledOptions {
  /** The query has a column for each step of time. */
  readonly overTime?: boolean
  /** What the range begins with, in SQL, where that is not the dashboard's. */
  readonly since?: string
  /** Decisions of all tenants, canaries too: a gateway numbers them in one sequence. */
  readonly everyTenant?: boolean
}

/**
 * `FROM` all decisions of the range, as rows of a roll-up: each stands for `n`
 * of them, without copies. What is rolled up is read from there, the rest from
 * the decisions; the bounds are constants, so that of either only what is
 * needed is read.
 */
export function fromRolled(
  table: RollUp,
  { overTime = false, since, everyTenant = false }: RolledOptions = {},
): string {
  const whose = everyTenant ? 'true' : ofTenant
  const { at, same, made, ...rest } = ROLL_UPS[table]
  const first = firstDay(since ?? '$__fromTime')
  const until = overTime ? PENDING_OVER_TIME : pendingOf(whose)
  const inRange =
    since === undefined
      ? '$__timeFilter_ms(decided_at)'
      : `decided_at >= ${since} AND decided_at <= $__toTime`
  const condition = 'of' in rest ? ` AND ${rest.of}` : ''
  const expressions = Object.entries(made).map(([name, expression]) => `${expression} AS ${name}`)
  const stored = Object.keys(made).map((name) => (name in STORED ? `${STORED[name]} AS ${name}` : name))
  return `FROM (
    SELECT toDateTime(decided_at, 'UTC') AS at, ${table === 'subjects_by_hour' ? '' : 'toUInt64(1) AS n, '}${[same, ...expressions].join(', ')}
    FROM decisions FINAL WHERE ${whose} AND ${inRange}${condition}
      AND (decided_at < ${first} OR decided_at >= ${until})
    UNION ALL
    SELECT toDateTime(${at}, 'UTC') AS at, ${table === 'subjects_by_hour' ? '' : 'decisions AS n, '}${[same, ...stored].join(', ')}
    FROM ${table} FINAL WHERE ${whose} AND ${at} >= ${first} AND ${at} < ${until}
  )`
}

/**
 * `FROM` the speeds of live decisions as digests, one for each gateway and step
 * of time; merged with `quantilesTDigestMerge(0.5, 0.99)`.
 */
export function fromSpeeds({ overTime = false }: Pick<RolledOptions, 'overTime'> = {}): string {
  const first = firstDay('$__fromTime')
  const until = overTime ? PENDING_OVER_TIME : PENDING
  const digest = (value: string, condition: string) =>
    `quantilesTDigestStateIf(0.5, 0.99)(toFloat32(assumeNotNull(${value})), ${condition})`
  const delay = `greatest(date_diff('millisecond', decided_at, ingested_at), 0)`
  return `FROM (
    SELECT $__timeInterval(decided_at) AS at, pep_id, ${digest('latency_us', 'latency_us IS NOT NULL')} AS latency_set,
      ${digest(delay, 'true')} AS delay_set, toUInt64(max(${delay})) AS delay_max, ${digest('risk_at_decision_age_ms', 'risk_at_decision_age_ms IS NOT NULL')} AS risk_age_set
    FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND origin = 'live'
      AND (decided_at < ${first} OR decided_at >= ${until})
    GROUP BY at, pep_id
    UNION ALL
    SELECT hour AS at, pep_id, latency_us AS latency_set, delay_ms AS delay_set, delay_ms_max AS delay_max, risk_age_ms AS risk_age_set
    FROM speeds_by_hour FINAL WHERE ${ofTenant} AND origin = 'live' AND hour >= ${first} AND hour < ${until}
  )`
}

/** `FROM` the scores of all decisions of the range, a detector and hour a row, with their spread as a digest. */
export function fromScores(): string {
  const first = firstDay('$__fromTime')
  return `FROM (
    SELECT toString(score.1) AS detector, toUInt64(count()) AS n, max(score.2) AS highest_score, quantilesTDigestState(0.5, 0.99)(score.2) AS spread_set
    FROM (
      SELECT arrayJoin(arrayZip(mapKeys(scores), mapValues(scores))) AS score FROM decisions FINAL WHERE ${ofTenant} AND $__timeFilter_ms(decided_at)
        AND (decided_at < ${first} OR decided_at >= ${PENDING}) AND notEmpty(mapKeys(scores))
    ) GROUP BY detector
    UNION ALL
    SELECT toString(detector) AS detector, scored AS n, highest AS highest_score, spread AS spread_set
    FROM scores_by_hour FINAL WHERE ${ofTenant} AND hour >= ${first} AND hour < ${PENDING}
  )`
}

/** `FROM` sessions that more than one device, client or TLS fingerprint bore within two days, a session and day a row. */
export function fromSharedSessions(): string {
  const first = firstDay('$__fromTime')
  const more = `devices > 1 OR clients > 1 OR tls_fingerprints > 1`
  return `FROM (
    SELECT subject_session_id, any(${SUBJECT}) AS bearer, uniqIf(device_id, device_id != '') AS devices, uniq(enrichment_user_agent_family, enrichment_user_agent_os) AS clients,
      uniqIf(context_tls_fingerprint, context_tls_fingerprint != '') AS tls_fingerprints, uniq(enrichment_source_prefix) AS networks, uniq(enrichment_source_country) AS countries, max(decided_at) AS last_at
    FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND subject_session_id != '' AND (decided_at < ${first} OR decided_at >= ${PENDING} - INTERVAL 1 DAY)
    GROUP BY subject_session_id HAVING ${more}
    UNION ALL
    SELECT subject_session_id, ${SUBJECT} AS bearer, devices, clients, tls_fingerprints, networks, countries, last_at
    FROM shared_sessions_by_day FINAL WHERE ${ofTenant} AND day >= ${first} AND day < ${PENDING}
  )`
}

/** How many different subjects `subject_set` of these rows hold. */
export const SUBJECTS = 'uniqCombinedMerge(12)(subject_set)'
/** How many different resources the bits of these rows stand for: linear counting, of some two hundred at most. */
export const RESOURCES = `toUInt64(round(-64 * log(greatest(64 - bitCount(groupBitOr(resource_bits)), 1) / 64)))`
/** Said where figures are of `SUBJECTS`. */
export const ABOUT = 'Subjects are told within some three percent, from a few hundred on.'
/** Said where figures are of `fromSpeeds`. */
export const ESTIMATED = 'Quantiles are estimates, within some one percent.'
