-- The history of risk: one row an entity and revision (schemas/risk.ts, flattened). The newest is the state;
-- the others draw the curve. `causes` are arrays of equal length.
-- Shards by entity: its curve is read as one.
-- sharded by cityHash64(tenant, entity_type, entity_id)
CREATE TABLE IF NOT EXISTS risk_states
(
    schema_version UInt16,
    tenant LowCardinality(String),
    entity_type LowCardinality(String),
    entity_id String CODEC(ZSTD(1)),
    origin LowCardinality(String),
    revision UInt64 CODEC(Delta, ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    score Float64 CODEC(ZSTD(1)),
    level LowCardinality(String),
    required_action LowCardinality(String),
    causes_cause Array(LowCardinality(String)),
    causes_nats Array(Float64),
    causes_at Array(DateTime64(3, 'UTC')),
    causes_finding_ids Array(Array(String)) CODEC(ZSTD(1)),
    story_ids Array(String) CODEC(ZSTD(1)),
    updated_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    restricted_since Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    revoked_before Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    withheld LowCardinality(Nullable(String)),
    decision_id Nullable(String) CODEC(ZSTD(1)),

    -- Panels ask for a time range over all entities.
    INDEX updated_minmax updated_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, entity_type, entity_id, revision)
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
