-- Sessions that more than one device, client or TLS fingerprint bore, on a day and the day before it; the others,
-- nearly all, are not here. Numbers only grow, so rows bear repeats. Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS shared_sessions_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_session_id String CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    devices SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    clients SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    tls_fingerprints SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    networks SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    countries SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, subject_session_id, subject_id, subject_type, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
