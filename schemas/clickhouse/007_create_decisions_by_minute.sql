-- Decisions by minute, tenant, origin, application and outcome, for dashboards over weeks.
--
-- Every aggregate bears repeats: a set of ids counts a decision once however often it comes, a maximum
-- does not rise. Sums would double with a repeated row. uniqCombined64 is exact for the first thousands of
-- ids of a row and within about half a percent beyond, at no more than 100 KB a state; an exact set would
-- keep as many bytes as the table that it sums up. Read with `uniqCombined64Merge(decisions)`.
CREATE TABLE IF NOT EXISTS decisions_by_minute
(
    tenant LowCardinality(String),
    origin LowCardinality(String),
    minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    app LowCardinality(String),
    outcome LowCardinality(String),
    decisions AggregateFunction(uniqCombined64, String),
    subjects AggregateFunction(uniqCombined64, String),
    by_risk AggregateFunction(uniqCombined64, String),
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
