-- Feeds decisions_by_minute with every inserted block. `by_risk` counts what our own feedback refused.
CREATE MATERIALIZED VIEW IF NOT EXISTS decisions_by_minute_mv TO decisions_by_minute AS
SELECT
    tenant,
    origin,
    toStartOfMinute(decided_at, 'UTC') AS minute,
    resource_app AS app,
    outcome,
    uniqCombined64State(14)(id) AS decisions,
    uniqCombinedState(14)(toUInt32(cityHash64(subject_type, subject_id))) AS subjects,
    uniqCombined64StateIf(14)(id, caused_by = 'risk_feedback') AS by_risk,
    max(ifNull(latency_us, 0)) AS latency_us_max,
    max(stored.ingested_at) AS ingested_at
FROM decisions AS stored
GROUP BY tenant, origin, minute, app, outcome
