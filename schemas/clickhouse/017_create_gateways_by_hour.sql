-- Decisions by hour, enforcement point and boot, and by the device that they came with; with the numbers that the
-- gateway gave them, so that a gap shows: `numbered` are different numbers, `pinned` rows with a kept hash.
-- Bears repeats as decisions_by_hour does.
-- sharded by cityHash64(tenant, hour)
CREATE TABLE IF NOT EXISTS gateways_by_hour
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pep_id LowCardinality(String) CODEC(ZSTD(1)),
    pep_kind LowCardinality(String) CODEC(ZSTD(1)),
    pep_boot_id LowCardinality(String) CODEC(ZSTD(1)),
    pep_version LowCardinality(String) CODEC(ZSTD(1)),
    policy_revision LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    device_tier LowCardinality(String) CODEC(ZSTD(1)),
    device_posture LowCardinality(String) CODEC(ZSTD(1)),
    managed Int8 CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    stale SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    numbered SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    pinned SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    first_seq SimpleAggregateFunction(min, UInt64) CODEC(T64, ZSTD(1)),
    last_seq SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, pep_id, pep_boot_id, pep_version, pep_kind, policy_revision, outcome, device_tier, device_posture, managed, origin)
-- Longer than the decisions: a year against the year before.
TTL hour + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
