-- A decision that could not be read or stored is proven by its dead letter, for as long as the decisions around it.
ALTER TABLE dead_letters
    MODIFY TTL toDateTime(ingested_at, 'UTC') + INTERVAL 90 DAY
