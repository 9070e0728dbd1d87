-- One row a finding, the highest revision of it: schemas/finding.ts, flattened. `evidence` is JSON text,
-- since its values have several types and are read by people, one finding at a time. Lists of entities are
-- two arrays of equal length. Nothing that a later revision may change is in the sort key.
-- Shards by id: all revisions of a finding must be where merges can replace them.
-- sharded by cityHash64(tenant, id)
CREATE TABLE IF NOT EXISTS findings
(
    schema_version UInt16,
    id String CODEC(ZSTD(1)),
    revision UInt32,
    tenant LowCardinality(String),
    origin LowCardinality(String),
    ingested_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    detector_id LowCardinality(String),
    detector_version UInt32,
    cause LowCardinality(String),
    entity_type LowCardinality(String),
    entity_id String CODEC(ZSTD(1)),
    entities_type Array(LowCardinality(String)),
    entities_id Array(String) CODEC(ZSTD(1)),
    score Float64 CODEC(ZSTD(1)),
    evidence_nats Float64 CODEC(ZSTD(1)),
    risk_level LowCardinality(String),
    observed_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    first_observed_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    decision_ids Array(String) CODEC(ZSTD(1)),
    decisions_total UInt64 CODEC(T64, ZSTD(1)),
    technique LowCardinality(String),
    evidence String CODEC(ZSTD(3)),
    gates_name Array(LowCardinality(String)),
    gates_factor Array(Float64),
    summary String CODEC(ZSTD(3)),

    INDEX entity_bloom entity_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX observed_minmax observed_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
-- Findings are few and are what an investigation begins with: a year.
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
