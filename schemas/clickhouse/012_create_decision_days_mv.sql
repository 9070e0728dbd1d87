-- Says that a day was written to, with every inserted block. The clock and not `ingested_at`: what a late
-- worker stores is older than what a quick one has stored already.
CREATE MATERIALIZED VIEW IF NOT EXISTS decision_days_mv TO decision_days AS
SELECT
    tenant,
    toDate(decided_at, 'UTC') AS day,
    resource_app AS app,
    now64(3, 'UTC') AS stored_at,
    toDateTime64(0, 3, 'UTC') AS rolled_at
FROM decisions AS stored
GROUP BY tenant, day, app
