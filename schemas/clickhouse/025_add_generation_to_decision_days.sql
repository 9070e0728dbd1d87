-- With how many generations of roll-ups a day was rolled up: what came with 025 to 029 is the second. A day of an
-- older version lacks those, so panels on them count it from the decisions until the worker has rolled it up again.
-- MATERIALIZED, so that 013, which names no columns, may run again behind this; who writes it says
-- insert_allow_materialized_columns.
ALTER TABLE decision_days
    ADD COLUMN IF NOT EXISTS generation SimpleAggregateFunction(max, UInt8) MATERIALIZED 0 CODEC(ZSTD(1))
