-- by subject_id
INSERT INTO subjects_by_day
SELECT tenant, origin, toDate(decided_at, 'UTC') AS day, subject_type, subject_id, resource_app, outcome,
    if(outcome = 'permit', [], decision.reasons) AS reasons, policy_revision,
    if(outcome = 'permit', '', decision.policy_rule_id) AS policy_rule_id, enrichment_source_country,
    if(hasAny(decision.reasons, ['credentials_rejected', 'mfa_rejected', 'account_unknown', 'account_locked']), decision.enrichment_source_prefix, '') AS enrichment_source_prefix,
    count() AS decisions, min(decided_at) AS first_at, max(decided_at) AS last_at,
    groupBitOr(bitShiftLeft(toUInt64(1), cityHash64(if(resource_path_template = '', resource_id, toString(resource_path_template))) % 64)) AS resources,
    anyLast(decision.enrichment_source_as_org) AS enrichment_source_as_org, anyLast(decision.enrichment_source_network_kind) AS enrichment_source_network_kind
FROM decisions AS decision FINAL
WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({since:String}, 3, 'UTC') AND decided_at < toDateTime64({until:String}, 3, 'UTC')
    AND subject_id >= {from:String} AND ({beyond:String} = '' OR subject_id < {beyond:String})
GROUP BY tenant, origin, day, subject_type, subject_id, resource_app, outcome, reasons, policy_revision, policy_rule_id,
    enrichment_source_country, enrichment_source_prefix
