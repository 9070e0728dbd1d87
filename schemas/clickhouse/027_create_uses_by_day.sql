-- What a subject asked for on a day, by resource (the template of its path where there is one), action and network.
--
-- Sort key. The day stands last: of one subject the same resource from the same network follows itself, day by day,
-- and a row is little more than its numbers. `first_at` to the second, which halves what it takes; that and a row for
-- each outcome would have made this table twice as large (measured), so refusals are a number.
-- Bears repeats as decisions_by_hour does. Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS uses_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    action_name LowCardinality(String) CODEC(ZSTD(1)),
    resource String CODEC(ZSTD(1)),
    enrichment_source_prefix String CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    refused SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime('UTC')) CODEC(T64, ZSTD(1)),
    INDEX prefix_bloom enrichment_source_prefix TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
PRIMARY KEY (tenant, subject_id, subject_type)
ORDER BY (tenant, subject_id, subject_type, resource_app, resource, action_name, enrichment_source_prefix, day, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    -- A month that nobody has written to for a day becomes one part, so that one subject's month is one place.
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1
