import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import {
  bars,
  consoleUrl,
  lines,
  linked,
  resourceUrl,
  rows,
  sessionUrl,
  sourceUrl,
  stat,
  subjectUrl,
} from './panels.ts'
import { REFUSED } from './terms.ts'
import { consoleVariable, ofTenant, subjectVariable, valueOf } from './variables.ts'

/** The id without its type, worked out once as a constant, so that indexes on the bare columns serve. */
const id = `replaceRegexpOne(${valueOf('subject')}, '^(user|service|device|anonymous):', '')`
const entityIds = `arrayMap(type -> concat(type, ':', ${id}), ['user', 'service', 'device', 'anonymous'])`

const decisions = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND subject_id = ${id}`
const risk = `FROM risk_states WHERE ${ofTenant} AND entity_type = 'subject' AND has(${entityIds}, entity_id) AND $__timeFilter_ms(updated_at)`
const findings = `FROM findings WHERE ${ofTenant} AND $__timeFilter_ms(observed_at)
  AND ((entity_type = 'subject' AND has(${entityIds}, entity_id)) OR hasAny(entities_id, ${entityIds}))`

const decided = () =>
  stat('Decisions', 'How much did this subject do?').withTarget(
    table(`SELECT uniq(id) AS decisions ${decisions}`),
  )

const refused = () =>
  stat('Refused', 'How often was it refused or asked to step up?').withTarget(
    table(`SELECT uniqIf(id, ${REFUSED}) AS refused ${decisions}`),
  )

const places = () =>
  stat('Countries', 'From how many countries did it come?').withTarget(
    table(
      `SELECT uniqIf(enrichment_source_country, enrichment_source_country != '') AS countries ${decisions}`,
    ),
  )

const networks = () =>
  stat('Networks', 'From how many networks did it come?').withTarget(
    table(`SELECT uniqIf(enrichment_source_prefix, enrichment_source_prefix != '') AS networks ${decisions}`),
  )

const highestRisk = () =>
  stat('Highest risk', 'How risky did it become, of 100?')
    .min(0)
    .max(100)
    .withTarget(table(`SELECT max(score) AS risk ${risk}`))

const findingsTotal = () =>
  stat('Findings', 'How many findings name it?').withTarget(table(`SELECT uniq(id) AS findings ${findings}`))

const byOutcome = () =>
  bars('Decisions by outcome', 'When was it active, and when was it refused?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, toString(outcome) AS outcome, uniq(id) AS decisions
       ${decisions} GROUP BY time, outcome ORDER BY time`,
    ),
  )

const riskOverTime = () =>
  lines('Risk score', 'When did its risk rise and fall?')
    .max(100)
    .spanNulls(true)
    .withTarget(
      timeSeries(`SELECT updated_at AS time, score AS risk ${risk} ORDER BY time, revision LIMIT 5000`),
    )

const scores = () =>
  lines('Detector scores', 'Which detector found its decisions strange, and when? Each is on its own scale.')
    .span(24)
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, toString(score.1) AS detector, max(score.2) AS highest FROM (
           SELECT decided_at, arrayJoin(arrayZip(mapKeys(scores), mapValues(scores))) AS score ${decisions}
         ) GROUP BY time, detector ORDER BY time LIMIT 10000`,
      ),
    )

const sources = () =>
  linked(
    rows('Where it came from', 'Which places and networks, since when, and is one of them new?').span(12),
    'network',
    'Look closer',
    sourceUrl('network'),
  ).withTarget(
    table(
      `SELECT enrichment_source_prefix AS network, any(toString(enrichment_source_as_org)) AS provider, any(toString(enrichment_source_network_kind)) AS kind,
           any(toString(enrichment_source_city)) AS city, any(toString(enrichment_source_country)) AS country,
           uniq(id) AS decisions, min(decided_at) AS first_seen, max(decided_at) AS last_seen
         ${decisions} GROUP BY network ORDER BY last_seen DESC LIMIT 100`,
    ),
  )

const clients = () =>
  rows('What it used', 'Which browsers, systems and devices, and is one of them new?')
    .span(12)
    .withTarget(
      table(
        `SELECT toString(enrichment_user_agent_family) AS client, toString(enrichment_user_agent_os) AS system, device_id AS device,
           uniq(id) AS decisions, uniq(subject_session_id) AS sessions, min(decided_at) AS first_seen, max(decided_at) AS last_seen
         ${decisions} GROUP BY client, system, device ORDER BY last_seen DESC LIMIT 100`,
      ),
    )

const sessions = () =>
  linked(
    rows('Sessions', 'Which sessions, from when to when, and was one used by two devices or clients?').span(
      12,
    ),
    'session',
    'Replay',
    sessionUrl('session'),
  ).withTarget(
    table(
      `SELECT subject_session_id AS session, min(decided_at) AS first_seen, max(decided_at) AS last_seen, uniq(id) AS decisions,
         uniqIf(device_id, device_id != '') AS devices, uniq(enrichment_user_agent_family, enrichment_user_agent_os) AS clients, uniq(enrichment_source_prefix) AS networks
       ${decisions} AND subject_session_id != '' GROUP BY session ORDER BY last_seen DESC LIMIT 100`,
    ),
  )

const resources = () =>
  linked(
    rows('What it asked for', 'Which resources, how often, and which for the first time in this range?').span(
      12,
    ),
    'application',
    'Look closer',
    resourceUrl('application'),
  ).withTarget(
    table(
      `SELECT toString(resource_app) AS application, toString(action_name) AS action, if(resource_path_template = '', resource_id, toString(resource_path_template)) AS resource,
           uniq(id) AS decisions, uniqIf(id, ${REFUSED}) AS refused, min(decided_at) AS first_seen
         ${decisions} GROUP BY application, action, resource ORDER BY first_seen DESC LIMIT 100`,
    ),
  )

const verdicts = () =>
  rows('Verdicts', 'What did analysts say about it?')
    .span(12)
    .withTarget(
      table(
        `SELECT decided_at, verdict, analyst, note FROM verdicts
         WHERE ${ofTenant} AND entity_type = 'subject' AND has(${entityIds}, entity_id) AND $__timeFilter_ms(decided_at)
         ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 100`,
      ),
    )

const findingRows = () =>
  linked(
    rows('Findings', 'What was found strange, by which figures?'),
    'decision_id',
    'Explain in the console',
    consoleUrl('decisions', 'decision_id'),
  ).withTarget(
    table(
      `SELECT observed_at, risk_level, detector_id AS detector, cause, technique, summary, score, evidence_nats, evidence, decision_ids[-1] AS decision_id
       ${findings} ORDER BY observed_at DESC, revision DESC LIMIT 1 BY id LIMIT 100`,
    ),
  )

const latest = () =>
  linked(
    rows('Latest decisions', 'What exactly did it do, in order?').height(12),
    'id',
    'Explain in the console',
    consoleUrl('decisions', 'id'),
  ).withTarget(
    table(
      `SELECT decided_at, outcome, would_be, arrayStringConcat(arrayMap(r -> toString(r), reasons), ', ') AS reasons, resource_app, action_name, resource_id,
         context_ip, enrichment_source_city AS city, enrichment_source_country AS country, risk_at_decision_score AS risk, policy_rule_id AS rule, id
       ${decisions} ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 200`,
    ),
  )

const whoToLookAt = () =>
  linked(
    rows('Subjects with findings', 'Whom is it worth to look at in this time?'),
    'subject',
    'Look closer',
    subjectUrl('subject'),
  ).withTarget(
    table(
      `SELECT entity_id AS subject, uniq(id) AS findings, max(score) AS highest_score, max(observed_at) AS last_seen
       FROM findings WHERE ${ofTenant} AND entity_type = 'subject' AND $__timeFilter_ms(observed_at)
       GROUP BY subject ORDER BY last_seen DESC LIMIT 50`,
    ),
  )

/** Everything about one subject. */
export function subject(): DashboardBuilder {
  return board({
    name: 'subject',
    title: 'subject',
    description: 'One subject: what it did, from where, what was found strange and what became of it.',
    from: 'now-24h',
  })
    .withVariable(subjectVariable())
    .withVariable(consoleVariable())
    .withPanel(decided())
    .withPanel(refused())
    .withPanel(places())
    .withPanel(networks())
    .withPanel(highestRisk())
    .withPanel(findingsTotal())
    .withRow(new RowBuilder('Over time'))
    .withPanel(byOutcome())
    .withPanel(riskOverTime())
    .withPanel(scores())
    .withRow(new RowBuilder('Habits'))
    .withPanel(sources())
    .withPanel(clients())
    .withPanel(sessions())
    .withPanel(resources())
    .withPanel(verdicts())
    .withRow(new RowBuilder('In full'))
    .withPanel(findingRows())
    .withPanel(latest())
    .withRow(new RowBuilder('Others'))
    .withPanel(whoToLookAt())
}
