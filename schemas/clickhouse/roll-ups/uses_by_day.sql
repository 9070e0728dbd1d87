-- by subject_id
INSERT INTO uses_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, subject_type, subject_id, resource_app, action_name,
    if(resource_path_template = '', resource_id, toString(resource_path_template)) AS resource, enrichment_source_prefix,
    count() AS decisions, countIf(outcome NOT IN ('permit', 'error_open')) AS refused, toDateTime(min(decided_at), 'UTC') AS first_at
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String})
GROUP BY tenant, origin, day, subject_type, subject_id, resource_app, action_name, resource, enrichment_source_prefix
