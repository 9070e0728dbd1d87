-- The lists of known-bad addresses that held the address, as JSON: {"tor-exits":"version"}. '' in nearly every row.
ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS enrichment_source_lists String CODEC(ZSTD(1)) AFTER enrichment_source_network_kind
