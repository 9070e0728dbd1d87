-- Decisions by hour and by all that a policy decides by: what panels count over weeks. Counted from the
-- decisions once their day is over, and again when more of that day comes (roll-ups/decisions_by_hour.sql).
--
-- Bears repeats. A count here is of decisions without copies (FINAL), and it only grows: what comes later
-- is counted with the rest, so of two counts of one row the higher one is right, and `max` keeps that. So a day may
-- be rolled up again at any time, by anybody, in any order, and a day whose decisions have expired keeps its counts.
-- The price: a panel counts the days that are not rolled up yet in the decisions themselves.
-- A sum would double with each repeat, and sets of ids took twelve bytes a decision (measured); this takes half of one.
-- sharded by cityHash64(tenant, hour)
CREATE TABLE IF NOT EXISTS decisions_by_hour
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    would_be LowCardinality(String) CODEC(ZSTD(1)),
    caused_by LowCardinality(String) CODEC(ZSTD(1)),
    reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    policy_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_rule_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_route_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_outcome LowCardinality(String) CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    unmanaged SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, resource_app, outcome, policy_route_id, policy_rule_id, policy_revision, reasons, origin, would_be, caused_by, policy_shadow_revision, policy_shadow_outcome)
-- Longer than the decisions: a year against the year before.
TTL hour + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
