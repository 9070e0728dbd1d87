-- Days from before 012; said twice, it is the same.
INSERT INTO decision_days
SELECT tenant, toDate(decided_at, 'UTC') AS day, resource_app AS app, now64(3, 'UTC') AS stored_at, toDateTime64(0, 3, 'UTC') AS rolled_at
FROM decisions
GROUP BY tenant, day, app
