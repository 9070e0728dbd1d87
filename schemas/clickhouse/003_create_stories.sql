-- One row a story, the highest revision of it: schemas/story.ts, flattened. An absent `merged_into`, `owner`
-- or `verdict` is NULL: an owner's name may be any text.
-- Shards by id: all revisions of a story must be where merges can replace them.
-- sharded by cityHash64(tenant, id)
CREATE TABLE IF NOT EXISTS stories
(
    schema_version UInt16,
    id String CODEC(ZSTD(1)),
    tenant LowCardinality(String),
    origin LowCardinality(String),
    revision UInt64,
    ingested_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    state LowCardinality(String),
    merged_into Nullable(String) CODEC(ZSTD(1)),
    title String CODEC(ZSTD(3)),
    risk_level LowCardinality(String),
    causes Array(LowCardinality(String)),
    detectors Array(LowCardinality(String)),
    entities_type Array(LowCardinality(String)),
    entities_id Array(String) CODEC(ZSTD(1)),
    entities_total UInt64,
    finding_ids Array(String) CODEC(ZSTD(1)),
    findings_total UInt64,
    response LowCardinality(String),
    opened_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    observed_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    closed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    owner Nullable(String) CODEC(ZSTD(1)),
    verdict LowCardinality(Nullable(String))
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
