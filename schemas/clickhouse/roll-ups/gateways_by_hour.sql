-- by hour
INSERT INTO gateways_by_hour
SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, pep_id, pep_kind, pep_boot_id, pep_version, policy_revision, outcome, device_tier, device_posture,
    ifNull(toInt8(device_managed), -1) AS managed,
    count() AS decisions, countIf(has(reasons, 'risk_stale') OR ifNull(risk_at_decision_age_ms, 0) > 60000) AS stale,
    uniqExact(pep_seq) AS numbered, countIf(chain_prev != '' AND pep_seq IS NOT NULL) AS pinned,
    ifNull(min(pep_seq), 18446744073709551615) AS first_seq, ifNull(max(pep_seq), 0) AS last_seq, min(decided_at) AS first_at, max(decided_at) AS last_at
FROM decisions FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
GROUP BY tenant, origin, hour, pep_id, pep_kind, pep_boot_id, pep_version, policy_revision, outcome, device_tier, device_posture, managed
