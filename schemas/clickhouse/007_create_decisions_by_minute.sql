-- Decisions by minute, tenant, origin, application and outcome, for dashboards over weeks.
--
-- Every aggregate bears repeats: a set of ids counts a decision once however often it comes, a maximum
-- does not rise. Sums would double with a repeated row. uniqCombined(14) is exact for the first few hundred
-- members of a row and within one percent beyond, at no more than 12 KB a state; an exact set would keep as
-- many bytes as the table that it sums up, and states of 100 KB make a merge of some thousand rows take
-- hundreds of megabytes. Decisions are counted by 64 bits of hash, since a quarter has billions; subjects by
-- 32, at half the bytes, since people are millions. Read with `uniqCombined64Merge(14)(decisions)` and
-- `uniqCombinedMerge(14)(subjects)`.
-- No sharding key: nobody writes here but the view, on the shard where the decisions are.
CREATE TABLE IF NOT EXISTS decisions_by_minute
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    app LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    decisions AggregateFunction(uniqCombined64(14), String) CODEC(ZSTD(1)),
    subjects AggregateFunction(uniqCombined(14), UInt32) CODEC(ZSTD(1)),
    by_risk AggregateFunction(uniqCombined64(14), String) CODEC(ZSTD(1)),
    latency_us_max SimpleAggregateFunction(max, UInt64),
    ingested_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (tenant, origin, minute, app, outcome)
-- Longer than the decisions: a year against the year before.
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 730 DAY
-- A window of its own: without it, a repeated block is dropped from `decisions` and added here again.
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
