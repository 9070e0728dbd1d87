-- by hour
INSERT INTO subjects_by_hour
SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, resource_app,
    uniqCombinedState(12)(toUInt32(cityHash64(subject_type, subject_id))) AS subjects
FROM decisions
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
GROUP BY tenant, origin, hour, resource_app
