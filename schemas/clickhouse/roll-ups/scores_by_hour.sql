-- by hour
INSERT INTO scores_by_hour
SELECT tenant, origin, hour, detector, count() AS scored, max(score) AS highest, quantilesTDigestState(0.5, 0.99)(score) AS spread
FROM (
    SELECT tenant, origin, toStartOfHour(decided_at, 'UTC') AS hour, arrayJoin(scores) AS each, toString(each.1) AS detector, each.2 AS score
    FROM decisions FINAL
    WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
)
GROUP BY tenant, origin, hour, detector
