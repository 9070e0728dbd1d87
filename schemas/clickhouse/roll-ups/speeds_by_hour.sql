-- by hour
INSERT INTO speeds_by_hour
SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, pep_id,
    quantilesTDigestStateIf(0.5, 0.99)(toFloat32(assumeNotNull(decision.latency_us)), decision.latency_us IS NOT NULL) AS latency_us,
    quantilesTDigestState(0.5, 0.99)(toFloat32(greatest(date_diff('millisecond', decided_at, ingested_at), 0))) AS delay_ms,
    max(greatest(date_diff('millisecond', decided_at, ingested_at), 0)) AS delay_ms_max,
    quantilesTDigestStateIf(0.5, 0.99)(toFloat32(assumeNotNull(risk_at_decision_age_ms)), risk_at_decision_age_ms IS NOT NULL) AS risk_age_ms
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
GROUP BY tenant, origin, hour, pep_id
