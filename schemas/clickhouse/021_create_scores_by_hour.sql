-- How the scores of a detector were spread over all decisions of an hour. Counts bear repeats as decisions_by_hour does,
-- quantiles as speeds_by_hour does.
-- sharded by cityHash64(tenant, hour)
CREATE TABLE IF NOT EXISTS scores_by_hour
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    detector LowCardinality(String) CODEC(ZSTD(1)),
    scored SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    highest SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    spread AggregateFunction(quantilesTDigest(0.5, 0.99), Float32) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, detector, origin)
-- Longer than the decisions: a year against the year before.
TTL hour + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
