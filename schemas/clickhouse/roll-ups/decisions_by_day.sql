-- by resource_app
INSERT INTO decisions_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, resource_app, outcome, would_be, reasons, policy_revision, policy_rule_id, policy_route_id,
    policy_shadow_revision, policy_shadow_outcome, device_tier, subject_amr, action_name,
    if(resource_path_template = '', resource_id, toString(resource_path_template)) AS resource, enrichment_resource_sensitivity AS sensitivity,
    count() AS decisions, max(decided_at) AS last_at, uniqCombinedState(12)(toUInt32(cityHash64(subject_type, subject_id))) AS subjects
FROM decisions FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND resource_app >= {from:String} AND ({beyond:String} = '' OR resource_app < {beyond:String})
GROUP BY tenant, origin, day, resource_app, outcome, would_be, reasons, policy_revision, policy_rule_id, policy_route_id,
    policy_shadow_revision, policy_shadow_outcome, device_tier, subject_amr, action_name, resource, sensitivity
