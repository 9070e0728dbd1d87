-- by subject_id
INSERT INTO subject_scores_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, subject_type, subject_id, toString(score.1) AS detector,
    maxMap(map(toUInt8(toHour(decided_at, 'UTC')), score.2)) AS highest
FROM (
    SELECT tenant, origin, decided_at, subject_type, subject_id, arrayJoin(arrayZip(mapKeys(scores), mapValues(scores))) AS score
    FROM decisions AS decision FINAL
    WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String})
)
GROUP BY tenant, origin, day, subject_type, subject_id, detector
