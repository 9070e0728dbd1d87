-- by subject_id
INSERT INTO groups_by_day
SELECT tenant, toDate(decided_at, 'UTC') AS day, subject_type, subject_id,
    groupUniqArrayArray(arrayMap(each -> toString(each), decision.subject_groups)) AS subject_groups, count() AS decisions, max(decided_at) AS last_at
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String})
    AND subject_type != 'anonymous' AND notEmpty(decision.subject_groups)
GROUP BY tenant, day, subject_type, subject_id
