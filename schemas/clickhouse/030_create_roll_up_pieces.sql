-- How far the rolling up of a day has come, where it is done in pieces (services/storage/roll-up): a worker that is
-- killed goes on from there. Rows that are older than the day's `rolled_at` are done with. `beyond` may be somebody's id:
-- the last piece of a table leaves '' in its place, and what a day that was given up left goes by age.
-- sharded by cityHash64(tenant, day)
CREATE TABLE IF NOT EXISTS roll_up_pieces
(
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    up_to DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    roll_up LowCardinality(String) CODEC(ZSTD(1)),
    beyond SimpleAggregateFunction(anyLast, String) CODEC(ZSTD(1)),
    is_whole SimpleAggregateFunction(max, UInt8) CODEC(ZSTD(1)),
    done_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, day, up_to, roll_up)
TTL done_at + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
