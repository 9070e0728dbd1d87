-- by subject_id
INSERT INTO stays_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, subject_type, subject_id, subject_session_id, device_id,
    enrichment_source_prefix, enrichment_source_country, enrichment_source_region, enrichment_source_city,
    context_tls_fingerprint, enrichment_user_agent_family, enrichment_user_agent_major, enrichment_user_agent_os,
    outcome, if(outcome = 'permit', [], decision.reasons) AS reasons,
    count() AS decisions, sumMap(map(toUInt8(toHour(decided_at, 'UTC')), toUInt64(1))) AS hours, min(decided_at) AS first_at, max(decided_at) AS last_at,
    anyLast(decision.enrichment_source_as_org) AS enrichment_source_as_org, anyLast(decision.enrichment_source_network_kind) AS enrichment_source_network_kind,
    anyLast(decision.enrichment_source_latitude) AS enrichment_source_latitude, anyLast(decision.enrichment_source_longitude) AS enrichment_source_longitude,
    max(decision.enrichment_source_accuracy_km) AS enrichment_source_accuracy_km
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String})
GROUP BY tenant, origin, day, subject_type, subject_id, subject_session_id, device_id,
    enrichment_source_prefix, enrichment_source_country, enrichment_source_region, enrichment_source_city,
    context_tls_fingerprint, enrichment_user_agent_family, enrichment_user_agent_major, enrichment_user_agent_os, outcome, reasons
