INSERT INTO subjects_by_hour
SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, resource_app,
    uniqCombinedState(12)(toUInt32(cityHash64(subject_type, subject_id))) AS subjects
FROM decisions
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({day:String}, 3, 'UTC') AND decided_at < toDateTime64({day:String}, 3, 'UTC') + INTERVAL 1 DAY
GROUP BY tenant, origin, hour, resource_app
