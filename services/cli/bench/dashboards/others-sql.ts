/** How many of each there are a day, whatever the number of decisions: a detector has a budget of findings. */
const DAYS = 90
const FINDINGS = 60 * DAYS
const STORIES = 20 * DAYS
const RISK_STATES = 400 * DAYS
const VERDICTS = 10 * DAYS
const DEAD_LETTERS = 20 * DAYS
const DETECTORS = `['joint', 'spray', 'unfamiliar-context', 'impossible-travel', 'session-replay', 'denied-burst', 'off-hours']`
const LEVELS = `['LOW', 'MEDIUM', 'MEDIUM', 'HIGH']`

/** What was found, judged and put aside in the ninety days before `endS`; repeated, the same rows. */
export function insertOthers(endS: number): readonly string[] {
  const startMs = (endS - DAYS * 86_400) * 1000
  const at = (count: number) =>
    `fromUnixTimestamp64Milli(toInt64(${startMs} + (number + 0.5) / ${count} * ${DAYS * 86_400_000}))`
  const person = `concat('person-', toString(cityHash64(number, 1) % 10000), '@example.org')`
  const source = `concat(toString(1 + cityHash64(number % 60, 2) % 220), '.7.', toString(number % 60), '.0/24')`
  const isSource = `cityHash64(number, 3) % 5 = 0`
  const decisions = `[concat(lower(hex(cityHash64(number))), '-', toString(number))]`
  return [
    `INSERT INTO findings (schema_version, id, revision, tenant, origin, ingested_at, detector_id, detector_version, cause, entity_type, entity_id, entities_type, entities_id,
       score, evidence_nats, risk_level, observed_at, first_observed_at, closed_at, decision_ids, decisions_total, technique, evidence, gates_name, gates_factor, summary)
     SELECT 1, lower(hex(cityHash64('finding', number))), 1, 'default', 'live', ${at(FINDINGS)},
       ${DETECTORS}[1 + cityHash64(number, 4) % 7], 1, ['location', 'rate', 'device', 'credential'][1 + cityHash64(number, 5) % 4],
       if(${isSource}, 'source', 'subject'), if(${isSource}, ${source}, concat('user:', ${person})),
       ['subject'], [concat('user:', ${person})], 5 + cityHash64(number, 6) % 100, 1 + cityHash64(number, 7) % 50 / 10,
       ${LEVELS}[1 + cityHash64(number, 8) % 4], ${at(FINDINGS)}, ${at(FINDINGS)} - 30, NULL,
       ${decisions}, 3, 'T1078', '{"decayed":12.5,"half_life_s":60}',
       if(number % 4 = 0, ['known_travel'], []), if(number % 4 = 0, [0.5], []), 'A person came from a place that nobody knew.'
     FROM numbers(${FINDINGS})`,
    `INSERT INTO stories (schema_version, id, tenant, origin, revision, ingested_at, state, merged_into, title, risk_level, causes, detectors, entities_type, entities_id, entities_total, finding_ids, findings_total, response, opened_at, observed_at, closed_at, owner, verdict)
     SELECT 1, lower(hex(cityHash64('story', number))), 'default', 'live', 1, ${at(STORIES)}, if(number % 3 = 0, 'open', 'closed'), NULL, 'Somebody came from a new place', ${LEVELS}[1 + cityHash64(number, 8) % 4],
       ['location'], ['unfamiliar-context'], ['subject'], [concat('user:', ${person})], 1, [lower(hex(cityHash64('finding', number * 3)))], 1, 'raise_risk', ${at(STORIES)}, ${at(STORIES)},
       if(number % 3 = 0, NULL, ${at(STORIES)} + 3600), NULL, if(number % 3 = 0, NULL, ['confirm_compromised', 'confirm_safe', 'dismiss'][1 + number % 3])
     FROM numbers(${STORIES})`,
    `INSERT INTO risk_states (schema_version, tenant, entity_type, entity_id, origin, revision, ingested_at, score, level, required_action, causes_cause, causes_nats, causes_at, causes_finding_ids, story_ids, updated_at, expires_at, restricted_since, revoked_before, withheld, decision_id)
     SELECT 1, 'default', if(${isSource}, 'source', 'subject'), if(${isSource}, ${source}, concat('user:', ${person})), 'live', ${startMs} + number, ${at(RISK_STATES)}, cityHash64(number, 9) % 1000 / 10,
       ['LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH'][1 + cityHash64(number, 9) % 5], 'none', ['location'], [2.5], [${at(RISK_STATES)}], [[lower(hex(cityHash64('finding', number % ${FINDINGS})))]], [], ${at(RISK_STATES)},
       ${at(RISK_STATES)} + 3600, NULL, NULL, if(number % 500 = 0, 'circuit_breaker', NULL), ${decisions}[1]
     FROM numbers(${RISK_STATES})`,
    `INSERT INTO verdicts (schema_version, id, tenant, ingested_at, verdict, entity_type, entity_id, story_id, finding_ids, analyst, note, decided_at)
     SELECT 1, lower(hex(cityHash64('verdict', number))), 'default', ${at(VERDICTS)}, ['confirm_compromised', 'confirm_safe', 'dismiss'][1 + number % 3], 'subject', concat('user:', ${person}),
       lower(hex(cityHash64('story', number * 2))), [lower(hex(cityHash64('finding', number * 6)))], 'alice', 'looked at it', ${at(VERDICTS)}
     FROM numbers(${VERDICTS})`,
    `INSERT INTO dead_letters (topic, partition, offset, source_topic, source_partition, source_offset, reason, detail, key, value_base64, value_bytes, ingested_at)
     SELECT 'access.decisions.dead-letter', 0, number, 'access.decisions', number % 24, number * 50000, ['not_json', 'not_of_the_schema'][1 + number % 2], 'outcome: not one of them', ${person}, base64Encode('{"outcome":"maybe"}'), 19, ${at(DEAD_LETTERS)}
     FROM numbers(${DEAD_LETTERS})`,
  ]
}
