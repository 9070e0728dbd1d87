-- Where a subject stayed on a day: a row for each session, device, client, network and place, and what became of it
-- there; of refusals also why. `hours` has the decisions by hour of the day (UTC).
--
-- Sort key. Forensics asks for one subject over weeks: its days lie together here, a granule a month, where the
-- decisions have a granule an hour. What is the same from day to day then follows itself, so a row takes some 28
-- bytes, half of them its session's id (measured). By network and by session is asked as well: those have blooms,
-- and granules are small, since a bloom of few subjects excludes most of them.
-- Coordinates are not in the key, their place is: a key of floats that may be absent is one more thing to go wrong.
-- Bears repeats as decisions_by_hour does. Personal: who erases somebody deletes here too.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS stays_by_day
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    subject_session_id String CODEC(ZSTD(1)),
    device_id String CODEC(ZSTD(1)),
    enrichment_source_prefix String CODEC(ZSTD(1)),
    enrichment_source_country LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_region LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_city LowCardinality(String) CODEC(ZSTD(1)),
    context_tls_fingerprint LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_family LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_major LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_os LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    decisions SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    hours SimpleAggregateFunction(maxMap, Map(UInt8, UInt64)) CODEC(ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    enrichment_source_as_org SimpleAggregateFunction(anyLast, LowCardinality(String)) CODEC(ZSTD(1)),
    enrichment_source_network_kind SimpleAggregateFunction(anyLast, LowCardinality(String)) CODEC(ZSTD(1)),
    enrichment_source_latitude SimpleAggregateFunction(anyLast, Nullable(Float64)) CODEC(ZSTD(1)),
    enrichment_source_longitude SimpleAggregateFunction(anyLast, Nullable(Float64)) CODEC(ZSTD(1)),
    enrichment_source_accuracy_km SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    INDEX prefix_bloom enrichment_source_prefix TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_bloom subject_session_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
PRIMARY KEY (tenant, subject_id, subject_type, day)
ORDER BY (tenant, subject_id, subject_type, day, subject_session_id, device_id, enrichment_source_prefix, enrichment_source_country, enrichment_source_region, enrichment_source_city,
    context_tls_fingerprint, enrichment_user_agent_family, enrichment_user_agent_major, enrichment_user_agent_os, outcome, reasons, origin)
-- Personal, and so no longer than findings.
TTL day + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    -- A month that nobody has written to for a day becomes one part, so that one subject's month is one place.
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1
