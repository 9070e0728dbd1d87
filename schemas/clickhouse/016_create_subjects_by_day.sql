-- What each subject did on a day: by application, outcome and country. Of refusals also why and by which rule, and of
-- wrong credentials the network. `resources` has a bit for each of 64 hashes of what was asked for: a number of
-- them up to some hundred can be told from it, and it bears repeats. A subject of a day lies in one place, so its
-- history of ninety days is ninety granules, where the decisions have one for each hour.
-- Bears repeats as decisions_by_hour does. Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS subjects_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    policy_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_rule_id LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_country LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_prefix String CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    resources SimpleAggregateFunction(groupBitOr, UInt64) CODEC(ZSTD(1)),
    enrichment_source_as_org SimpleAggregateFunction(anyLast, LowCardinality(String)) CODEC(ZSTD(1)),
    enrichment_source_network_kind SimpleAggregateFunction(anyLast, LowCardinality(String)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, subject_id, subject_type, resource_app, outcome, policy_revision, enrichment_source_country, reasons, policy_rule_id, enrichment_source_prefix, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
