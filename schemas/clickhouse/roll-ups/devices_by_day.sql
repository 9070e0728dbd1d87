-- by subject_id
INSERT INTO devices_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, device_id, device_os, device_posture, device_tier, subject_type, subject_id,
    count() AS decisions, countIf(outcome = 'permit') AS permitted, min(decided_at) AS first_at, max(decided_at) AS last_at
FROM decisions FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String}) AND device_id != ''
GROUP BY tenant, origin, day, device_id, device_os, device_posture, device_tier, subject_type, subject_id
