-- How many subjects used an application in an hour: sets as in decisions_by_day, for what is drawn over time.
-- sharded by cityHash64(tenant, hour)
CREATE TABLE IF NOT EXISTS subjects_by_hour
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    subjects AggregateFunction(uniqCombined(12), UInt32) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, resource_app, origin)
-- Longer than the decisions: a year against the year before.
TTL hour + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
