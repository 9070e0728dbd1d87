-- by subject_id
INSERT INTO shared_sessions_by_day
SELECT tenant, any(decision.origin) AS origin, toDate(toDateTime64({since:String}, 3, 'UTC')) AS day, subject_session_id,
    subject_type, subject_id,
    uniqIf(device_id, device_id != '') AS devices, uniq(enrichment_user_agent_family, enrichment_user_agent_os) AS clients,
    uniqIf(context_tls_fingerprint, context_tls_fingerprint != '') AS tls_fingerprints, uniq(enrichment_source_prefix) AS networks,
    uniq(enrichment_source_country) AS countries, max(decided_at) AS last_at
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') - INTERVAL 1 DAY AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String}) AND subject_session_id != ''
GROUP BY tenant, subject_session_id, subject_type, subject_id
HAVING devices > 1 OR clients > 1 OR tls_fingerprints > 1
