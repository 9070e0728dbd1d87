-- How quick gateways and pipeline were, by hour and enforcement point. A t-digest is within a percent at its ends. Rolled
-- up twice, it holds everything twice, which moves no quantile.
-- sharded by cityHash64(tenant, hour)
CREATE TABLE IF NOT EXISTS speeds_by_hour
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pep_id LowCardinality(String) CODEC(ZSTD(1)),
    latency_us AggregateFunction(quantilesTDigest(0.5, 0.99), Float32) CODEC(ZSTD(1)),
    delay_ms AggregateFunction(quantilesTDigest(0.5, 0.99), Float32) CODEC(ZSTD(1)),
    delay_ms_max SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)),
    risk_age_ms AggregateFunction(quantilesTDigest(0.5, 0.99), Float32) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, pep_id, origin)
-- Longer than the decisions: a year against the year before.
TTL hour + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
