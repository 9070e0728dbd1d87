-- by hour
INSERT INTO decisions_by_hour
SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, resource_app, outcome, would_be, caused_by, reasons,
    policy_revision, policy_rule_id, policy_route_id, policy_shadow_revision, policy_shadow_outcome,
    count() AS decisions, countIf(ifNull(device_managed, true) = false) AS unmanaged, max(decided_at) AS last_at
FROM decisions FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
GROUP BY tenant, origin, hour, resource_app, outcome, would_be, caused_by, reasons,
    policy_revision, policy_rule_id, policy_route_id, policy_shadow_revision, policy_shadow_outcome
