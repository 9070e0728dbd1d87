import { firstDay, overSteps, pendingOf } from './rolled.ts'
import { SUBJECT } from './terms.ts'
import { ofTenant } from './variables.ts'

/** Roll-ups whose rows are no decisions: digests, scores, sessions. */

const PENDING = pendingOf()

/**
 * `FROM` the speeds of live decisions as digests, one for each gateway and step
 * of time; merged with `quantilesTDigestMerge(0.5, 0.99)`.
 */
export function fromSpeeds({ overTime = false }: { readonly overTime?: boolean } = {}): string {
  const first = firstDay()
  const until = overTime ? overSteps(PENDING) : PENDING
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

/** Whether it is a detector's score: beside it stand what it was before gates (`ID.ungated`), and their factors (`ID.gate.NAME`). */
export const ofDetectors = `position(detector, '.') = 0`

/** `FROM` the scores of all decisions of the range, a detector and hour a row, with their spread as a digest. */
export function fromScores(): string {
  const first = firstDay()
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

/** `FROM` how high each detector scored the decisions of the subjects that `only` names, an hour a row. */
export function fromSubjectScores(only: string): string {
  const first = firstDay()
  const until = overSteps(pendingOf({ generation: 2 }))
  return `FROM (
    SELECT toDateTime(decided_at, 'UTC') AS at, toString(score.1) AS detector, score.2 AS highest_score FROM (
      SELECT decided_at, arrayJoin(arrayZip(mapKeys(scores), mapValues(scores))) AS score FROM decisions PREWHERE ${only}
      WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND (decided_at < ${first} OR decided_at >= ${until})
    )
    UNION ALL
    SELECT toDateTime(day, 'UTC') + hour_of_day * 3600 AS at, toString(detector) AS detector, highest_score
    FROM subject_scores_by_day ARRAY JOIN mapKeys(highest) AS hour_of_day, mapValues(highest) AS highest_score
    PREWHERE ${only} AND day >= toDate(${first}, 'UTC') AND day < toDate(${until}, 'UTC') WHERE ${ofTenant} AND day >= ${first}
  )`
}

/**
 * `FROM` sessions that more than one device, client or TLS fingerprint bore
 * within two days, a session, its subject and a day a row. Of decisions it
 * counts only what is not the same all through.
 */
export function fromSharedSessions(): string {
  const first = firstDay()
  const borne = 'device_id, enrichment_user_agent_family, enrichment_user_agent_os, context_tls_fingerprint'
  const unrolled = `${ofTenant} AND $__timeFilter_ms(decided_at) AND subject_session_id != '' AND (decided_at < ${first} OR decided_at >= ${PENDING} - INTERVAL 1 DAY)`
  return `FROM (
    SELECT subject_session_id, ${SUBJECT} AS bearer, uniqIf(device_id, device_id != '') AS devices, uniq(enrichment_user_agent_family, enrichment_user_agent_os) AS clients,
      uniqIf(context_tls_fingerprint, context_tls_fingerprint != '') AS tls_fingerprints, uniq(enrichment_source_prefix) AS networks, uniq(enrichment_source_country) AS countries, max(decided_at) AS last_at
    FROM decisions WHERE ${unrolled} AND subject_session_id IN (
      SELECT subject_session_id FROM decisions WHERE ${unrolled}
      GROUP BY subject_session_id HAVING min(cityHash64(${borne})) != max(cityHash64(${borne}))
    )
    GROUP BY subject_session_id, subject_type, subject_id HAVING devices > 1 OR clients > 1 OR tls_fingerprints > 1
    UNION ALL
    SELECT subject_session_id, ${SUBJECT} AS bearer, devices, clients, tls_fingerprints, networks, countries, last_at
    FROM shared_sessions_by_day FINAL WHERE ${ofTenant} AND day >= ${first} AND day < ${PENDING}
  )`
}

/** Said where figures are of `fromSpeeds`. */
export const ESTIMATED = 'Quantiles are estimates, within some one percent.'
