-- Which days of which applications have decisions, when the last of them was stored, and up to which storing
-- the day is rolled up (services/storage/roll-up). Rows with a `rolled_at` are the worker's; their `app` is ''.
-- Days by UTC. Both times only rise, so rows bear repeats.
-- sharded by cityHash64(tenant, day)
CREATE TABLE IF NOT EXISTS decision_days
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    app LowCardinality(String) CODEC(ZSTD(1)),
    stored_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    rolled_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, day, app)
TTL toDateTime(greatest(stored_at, rolled_at), 'UTC') + INTERVAL 730 DAY
-- A window of its own, as every table has that a view fills.
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
