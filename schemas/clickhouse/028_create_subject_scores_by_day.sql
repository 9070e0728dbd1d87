-- How high each detector scored a subject's decisions, by hour of the day (UTC). Bears repeats, since a maximum does.
-- Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS subject_scores_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    detector LowCardinality(String) CODEC(ZSTD(1)),
    highest SimpleAggregateFunction(maxMap, Map(UInt8, Float32)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
PRIMARY KEY (tenant, subject_id, subject_type)
ORDER BY (tenant, subject_id, subject_type, detector, day, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    -- A month that nobody has written to for a day becomes one part, so that one subject's month is one place.
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1
