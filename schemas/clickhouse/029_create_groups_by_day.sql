-- In which groups each subject was on a day: peers are told by the groups of one day, so the day stands first.
-- A subject of which no decision named a group has no row. Groups only grow within a day, so rows bear repeats.
-- Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS groups_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    subject_groups SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, subject_id, subject_type)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    -- A month that nobody has written to for a day becomes one part, so that one subject's month is one place.
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1
