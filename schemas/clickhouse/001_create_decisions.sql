-- One row a decision: schemas/scored-decision.ts, flattened. A column's name is its JSON path with
-- underscores, without the leading `decision.`.
--
-- Absence. An absent text is '', an absent number or flag NULL, an absent list []. A field that was there
-- but empty ('' [] {}) is named in `empty_fields`, so that the event comes back as it went in and its chain
-- hash can be worked out again. That column is [] in nearly every row and costs next to nothing; a null
-- mask for every text would cost a file a column.
--
-- Address. `context_ip` is text and not IPv6: the chain hash covers the text, and one IPv6 address has many
-- spellings. Queries by network use `enrichment_source_prefix`.
--
-- Copies. The same event may arrive twice, so partition and sort key hold only what the event itself says
-- (never `ingested_at`): a copy falls into the same partition and the same place, and merges replace it.
--
-- Sort key. Panels read a tenant's time range, forensics one subject's: hours first cut the range, subjects
-- within an hour cut the rest. Days would make a panel of the last quarter of an hour read a whole day.
-- Sessions within a subject's hour bring rows of one device, network, place and browser together: a fifth
-- less on disk (measured), and nobody reads one subject's hour in parts.
--
-- Codecs. ZSTD(1) for every column, dictionaries too: against LZ4 it saves a third, and inserts are bound by
-- sorting and flushing, not by it (measured). Times and numbers of one session lie close and in no even
-- steps: T64 cuts off the bits that all have in common, and takes a third less than DoubleDelta (measured).
--
-- Erasing a person is an INSERT of the erased row under another key and a DELETE, since a key is not updated.
-- Shards. By subject, which is part of the event: a copy of a decision, or of a whole block, comes to the same
-- shard, where it is known again; one person's history is on one shard, and people are many and about alike.
-- sharded by cityHash64(tenant, subject_id)
CREATE TABLE IF NOT EXISTS decisions
(
    -- event
    schema_version UInt16 CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    tenant LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    decided_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    would_be LowCardinality(String) CODEC(ZSTD(1)),
    caused_by LowCardinality(String) CODEC(ZSTD(1)),
    reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    latency_us Nullable(UInt64) CODEC(T64, ZSTD(1)),

    -- pep
    pep_id LowCardinality(String) CODEC(ZSTD(1)),
    pep_kind LowCardinality(String) CODEC(ZSTD(1)),
    pep_boot_id LowCardinality(String) CODEC(ZSTD(1)),
    pep_seq Nullable(UInt64) CODEC(T64, ZSTD(1)),
    pep_version LowCardinality(String) CODEC(ZSTD(1)),

    -- chain: hexadecimal text, which ZSTD's entropy coder brings back to half its length. Hashes follow from
    -- the row before and from the salt; what is kept of them is said in stored-chain.ts.
    chain_prev String CODEC(ZSTD(1)),
    chain_salt String CODEC(ZSTD(1)),
    chain_personal_hash String CODEC(ZSTD(1)),
    chain_hash String CODEC(ZSTD(1)),
    chain_prev_boot_boot_id LowCardinality(String) CODEC(ZSTD(1)),
    chain_prev_boot_seq Nullable(Int64) CODEC(ZSTD(1)),

    -- policy
    policy_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_rule_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_route_id LowCardinality(String) CODEC(ZSTD(1)),
    policy_enforcement LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_revision LowCardinality(String) CODEC(ZSTD(1)),
    policy_shadow_outcome LowCardinality(String) CODEC(ZSTD(1)),
    policy_inputs String CODEC(ZSTD(3)),

    -- subject
    subject_type LowCardinality(String) CODEC(ZSTD(1)),
    subject_id String CODEC(ZSTD(1)),
    subject_session_id String CODEC(ZSTD(1)),
    subject_groups Array(LowCardinality(String)) CODEC(ZSTD(1)),
    subject_roles Array(LowCardinality(String)) CODEC(ZSTD(1)),
    subject_idp LowCardinality(String) CODEC(ZSTD(1)),
    subject_acr LowCardinality(String) CODEC(ZSTD(1)),
    subject_amr Array(LowCardinality(String)) CODEC(ZSTD(1)),
    subject_authenticated_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),

    -- device
    device_id String CODEC(ZSTD(1)),
    device_managed Nullable(Bool) CODEC(ZSTD(1)),
    device_os LowCardinality(String) CODEC(ZSTD(1)),
    device_posture LowCardinality(String) CODEC(ZSTD(1)),
    device_tier LowCardinality(String) CODEC(ZSTD(1)),

    -- action and resource
    action_name LowCardinality(String) CODEC(ZSTD(1)),
    resource_type LowCardinality(String) CODEC(ZSTD(1)),
    resource_id String CODEC(ZSTD(1)),
    resource_app LowCardinality(String) CODEC(ZSTD(1)),
    resource_path_template LowCardinality(String) CODEC(ZSTD(1)),
    resource_sensitivity LowCardinality(String) CODEC(ZSTD(1)),
    resource_required_tier LowCardinality(String) CODEC(ZSTD(1)),

    -- context
    context_ip String CODEC(ZSTD(3)),
    context_port Nullable(UInt16) CODEC(ZSTD(1)),
    context_user_agent LowCardinality(String) CODEC(ZSTD(1)),
    context_tls_fingerprint LowCardinality(String) CODEC(ZSTD(1)),
    context_rtt_us Nullable(UInt64) CODEC(T64, ZSTD(1)),
    context_http_host LowCardinality(String) CODEC(ZSTD(1)),
    context_http_method LowCardinality(String) CODEC(ZSTD(1)),
    context_http_path String CODEC(ZSTD(3)),
    context_http_status Nullable(UInt16) CODEC(ZSTD(1)),
    context_http_bytes_in Nullable(UInt64) CODEC(T64, ZSTD(1)),
    context_http_bytes_out Nullable(UInt64) CODEC(T64, ZSTD(1)),
    context_trace_id String CODEC(ZSTD(1)),

    -- trust and risk
    trust_tier LowCardinality(String) CODEC(ZSTD(1)),
    risk_at_decision_score Nullable(Float64) CODEC(ZSTD(1)),
    risk_at_decision_level LowCardinality(String) CODEC(ZSTD(1)),
    risk_at_decision_revision Nullable(UInt64) CODEC(T64, ZSTD(1)),
    risk_at_decision_age_ms Nullable(UInt64) CODEC(T64, ZSTD(1)),

    -- what this version does not know, as JSON text, and what was there but empty
    unmapped String CODEC(ZSTD(3)),
    empty_fields Array(LowCardinality(String)) CODEC(ZSTD(1)),

    -- enrichment: outside the chain
    enrichment_source_prefix String CODEC(ZSTD(3)),
    enrichment_source_city LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_region LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_country LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_latitude Nullable(Float64) CODEC(ZSTD(1)),
    enrichment_source_longitude Nullable(Float64) CODEC(ZSTD(1)),
    enrichment_source_accuracy_km Float64 CODEC(ZSTD(1)),
    enrichment_source_asn UInt32 CODEC(ZSTD(1)),
    enrichment_source_as_org LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_source_network_kind LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_family LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_major LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_os LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_user_agent_device_type LowCardinality(String) CODEC(ZSTD(1)),
    enrichment_resource_sensitivity LowCardinality(String) CODEC(ZSTD(1)),

    -- scores: seven digits are more than any threshold is known to, at half the bytes
    scores Map(LowCardinality(String), Float32) CODEC(ZSTD(3)),

    -- "Why was I refused?" gives an id and nothing else: one false hit in a thousand granules.
    INDEX id_bloom id TYPE bloom_filter(0.001) GRANULARITY 1,
    -- Forensics without a narrow time range: a granule that lacks the value is not read.
    INDEX subject_bloom subject_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_bloom subject_session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX device_bloom device_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ip_bloom context_ip TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX prefix_bloom enrichment_source_prefix TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX resource_bloom resource_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(decided_at)
PRIMARY KEY (tenant, toStartOfHour(decided_at), subject_id)
ORDER BY (tenant, toStartOfHour(decided_at), subject_id, subject_session_id, decided_at, id)
-- By ingestion: history of years ago that is imported today stays as long as any other.
TTL toDateTime(ingested_at, 'UTC') + INTERVAL 90 DAY
SETTINGS
    -- A repeated block is known by its token: the last thousand are remembered.
    non_replicated_deduplication_window = 1000,
    -- The log forgets a batch once it is stored, so stored must mean on disk.
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    -- A block is one file and its marks, not one file a column, each with its flush: an insert costs a fifth
    -- (measured). Parts that merges have made larger than this, some 30,000 rows, are laid out by column.
    min_bytes_for_wide_part = 33554432
