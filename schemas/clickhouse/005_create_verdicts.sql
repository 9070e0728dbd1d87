-- One row a verdict and entity (schemas/verdict.ts, flattened): a story's verdict is one record for each of
-- its entities, which may share the verdict's id.
-- Shards by id: copies of a verdict must be where merges can replace them.
-- sharded by cityHash64(tenant, id)
CREATE TABLE IF NOT EXISTS verdicts
(
    schema_version UInt16,
    id String CODEC(ZSTD(1)),
    tenant LowCardinality(String),
    ingested_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    verdict LowCardinality(String),
    entity_type LowCardinality(String),
    entity_id String CODEC(ZSTD(1)),
    story_id Nullable(String) CODEC(ZSTD(1)),
    finding_ids Array(String) CODEC(ZSTD(1)),
    analyst String CODEC(ZSTD(1)),
    note String CODEC(ZSTD(3)),
    decided_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, id, entity_type, entity_id)
-- As long as the topic keeps them.
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
