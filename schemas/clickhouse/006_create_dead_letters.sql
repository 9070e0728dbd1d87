-- One row an unusable record: why, where it came from, and its bytes (the first 64 KiB, as base64, since
-- they may be anything; the whole is on the dead-letter topic).
-- Shards by place on the topic, which names a dead letter.
-- sharded by cityHash64(topic, partition, offset)
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic LowCardinality(String),
    -- the record on the dead-letter topic itself: what it names as its source is a claim
    partition UInt32,
    offset UInt64 CODEC(Delta, ZSTD(1)),
    source_topic LowCardinality(String),
    source_partition Nullable(UInt32),
    source_offset Nullable(UInt64),
    reason LowCardinality(String),
    detail String CODEC(ZSTD(3)),
    key String CODEC(ZSTD(1)),
    value_base64 String CODEC(ZSTD(3)),
    value_bytes UInt64,
    ingested_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset)
-- As long as the topic keeps them.
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
