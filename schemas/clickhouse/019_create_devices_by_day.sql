-- Who used which device on a day, and how well it was kept. Bears repeats as decisions_by_hour does.
-- Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, device_id)
CREATE TABLE IF NOT EXISTS devices_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    device_id String CODEC(ZSTD(1)),
    device_os LowCardinality(String) CODEC(ZSTD(1)),
    device_posture LowCardinality(String) CODEC(ZSTD(1)),
    device_tier LowCardinality(String) CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    permitted SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, device_id, subject_id, subject_type, device_posture, device_tier, device_os, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
