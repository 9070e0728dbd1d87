-- Decisions by day, resource and the way in, with how many subjects: `subjects` is a set of 32 bits of hash,
-- exact for the first few hundred and within two percent beyond, at 3 KB at most. By day, since sets of an hour
-- are too small to save anything. Read with `uniqCombinedMerge(12)(subjects)`. Bears repeats as decisions_by_hour does.
-- sharded by cityHash64(tenant, day)
CREATE TABLE IF NOT EXISTS decisions_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    would_be LowCardinality(String) CODEC(ZSTD(1)),
    reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    policy_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_rule_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_route_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_outcome LowCardinality(String) CODEC(ZSTD(1)),
    device_tier LowCardinality(String) CODEC(ZSTD(1)),
    subject_amr Array(LowCardinality(String)) CODEC(ZSTD(1)),
    action_name LowCardinality(String) CODEC(ZSTD(1)),
    resource String CODEC(ZSTD(1)),
    sensitivity LowCardinality(String) CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    subjects AggregateFunction(uniqCombined(12), UInt32) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, resource_app, outcome, policy_route_id, policy_rule_id, resource, action_name, policy_revision, reasons, origin, would_be, policy_shadow_revision, policy_shadow_outcome, device_tier, subject_amr, sensitivity)
-- Longer than the decisions: a year against the year before.
TTL day + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
