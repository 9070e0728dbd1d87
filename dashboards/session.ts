import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { withFilters } from './filters.ts'
import {
  linked,
  linkedLines,
  toDetector,
  toExplanation,
  toResource,
  toSession,
  toSource,
  toStory,
  toSubject,
} from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { fromSharedSessions } from './rolled-figures.ts'
import { TOLD } from './stories.ts'
import { REASONS, REFUSED, SUBJECT } from './terms.ts'
import { ofTenant, sessionVariable, valueOf } from './variables.ts'

const only = `subject_session_id = ${valueOf('session')} AND subject_session_id != ''`
/** Who bore it and from where, as rows that each stand for `n` decisions. */
const stays = fromRolled('stays_by_day', { only })
const hours = fromRolled('stays_by_day', { only, overTime: 'hours' })
/** Its decisions, one by one: of its subjects in its hours, which is the key of the table. */
const decisions = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND ${only}
     AND subject_id IN (SELECT subject_id ${stays}) AND toStartOfHour(decided_at) IN (SELECT toStartOfHour(at) ${hours})`
const CLIENT = `concat(toString(enrichment_user_agent_family), ' ', toString(enrichment_user_agent_major), ', ', toString(enrichment_user_agent_os))`

const decided = () =>
  stat('Decisions', 'How much happened in this session?').withTarget(
    table(`SELECT sum(n) AS decisions ${stays}`),
  )

const refused = () =>
  stat('Refused', 'How often was it refused or asked to step up?').withTarget(
    table(`SELECT sumIf(n, ${REFUSED}) AS refused ${stays}`),
  )

const age = () =>
  alarming(stat('Lasted', 'From its first decision to its last, how long?'), { orange: 86400 })
    .unit('s')
    .withTarget(table(`SELECT date_diff('second', min(first_at), max(last_at)) AS seconds ${stays}`))

/** One thing of which a session should have one. */
const oneOf = (title: string, question: string, expression: string) =>
  stat(title, question).withTarget(
    table(`SELECT uniqIf(${expression}, ${expression} != '') AS different ${stays}`),
  )

const timeline = () =>
  linkedLines(
    bars('What it did, over time', 'In which applications, when, and was there a pause?'),
    'application',
    toResource,
  ).withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, toString(resource_app) AS application, uniq(id) AS decisions
       ${decisions} GROUP BY time, application ORDER BY time LIMIT 5000`,
    ),
  )

const risk = () =>
  lines('Risk at its decisions', 'How risky was its subject held to be when each was decided?')
    .max(100)
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, max(risk_at_decision_score) AS risk
         ${decisions} AND risk_at_decision_score IS NOT NULL GROUP BY time ORDER BY time`,
      ),
    )

const bearers = () =>
  linked(
    rows(
      'Who bore it',
      'Did another device, client or network take it over, and do two of them overlap in time?',
    ),
    'network',
    toSource,
  ).withTarget(
    table(
      `SELECT enrichment_source_prefix AS network, any(toString(enrichment_source_as_org)) AS provider, any(toString(enrichment_source_city)) AS city,
         any(toString(enrichment_source_country)) AS country, ${CLIENT} AS client, toString(context_tls_fingerprint) AS tls_fingerprint, device_id AS device,
         sum(n) AS decisions, min(first_at) AS first_seen, max(last_at) AS last_seen
       ${stays} GROUP BY network, client, tls_fingerprint, device ORDER BY first_seen LIMIT 100`,
    ),
  )

const began = () =>
  rows(
    'How it began',
    'Who signed in, where, with which proof and when, and did any of that change while it lasted?',
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, toString(subject_idp) AS identity_provider, arrayStringConcat(arraySort(arrayMap(a -> toString(a), subject_amr)), ', ') AS proof, toString(subject_acr) AS assurance,
         subject_authenticated_at AS signed_in, arrayStringConcat(arraySort(arrayMap(g -> toString(g), subject_groups)), ', ') AS in_groups, uniq(id) AS decisions, min(decided_at) AS first_seen, max(decided_at) AS last_seen
       ${decisions} GROUP BY subject, identity_provider, proof, assurance, signed_in, in_groups ORDER BY first_seen LIMIT 50`,
    ),
  )

const found = () => {
  const panel = rows('What was found', 'What was found strange about this session or in it?')
  const named = linked(linked(panel, 'detector', toDetector), 'story', toStory)
  return linked(named, 'decision_id', toExplanation).withTarget(
    table(
      `SELECT found.observed_at AS last_seen, risk_level, detector_id AS detector, technique, summary, score, story, decision_ids[-1] AS decision_id
       FROM (
         SELECT * FROM findings FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at) AND ${valueOf('session')} != ''
           AND ((entity_type = 'session' AND entity_id = ${valueOf('session')}) OR has(entities_id, ${valueOf('session')}) OR hasAny(decision_ids, (SELECT groupArray(1000)(id) ${decisions})))
         ORDER BY observed_at DESC, id LIMIT 100
       ) AS found ${TOLD} = found.id ORDER BY last_seen DESC, found.id LIMIT 100`,
    ),
  )
}

const replay = () => {
  const panel = rows(
    'Decision by decision',
    'What exactly did it do, in order, and how long did it think in between?',
  ).height(14)
  const named = linked(linked(panel, 'application', toResource), 'address', toSource)
  return linked(named, 'id', toExplanation).withTarget(
    table(
      `SELECT decided_at, round(date_diff('millisecond', lagInFrame(decided_at, 1, decided_at) OVER (ORDER BY decided_at, id), decided_at) / 1000, 1) AS seconds_since,
         outcome, ${REASONS} AS reasons, resource_app AS application, action_name AS action, resource_id AS resource,
         context_ip AS address, enrichment_source_city AS city, ${CLIENT} AS client, device_id AS device, risk_at_decision_score AS risk, policy_rule_id AS rule, id
       FROM (SELECT * ${decisions} ORDER BY decided_at LIMIT 1 BY id LIMIT 1000) ORDER BY decided_at, id LIMIT 1000`,
    ),
  )
}

const shared = () =>
  linked(
    linked(
      rows('Sessions with more than one bearer', 'Which sessions were used by several devices or clients?'),
      'session',
      toSession,
    ),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT subject_session_id AS session, any(bearer) AS subject, max(devices) AS most_devices, max(clients) AS most_clients, max(tls_fingerprints) AS most_tls_fingerprints,
         max(networks) AS most_networks, max(countries) AS most_countries, max(last_at) AS last_seen
       ${fromSharedSessions()} GROUP BY session HAVING last_seen >= $__fromTime_ms ORDER BY most_devices + most_clients + most_tls_fingerprints DESC, last_seen DESC LIMIT 50`,
    ),
  )

/** One session from its first decision to its last. */
export function session(): DashboardBuilder {
  const begun = board({
    name: 'session',
    title: 'session',
    description: 'One session, decision by decision: who bore it, what it did, and whether it changed hands.',
    from: 'now-24h',
  }).withVariable(sessionVariable())
  return withFilters(begun)
    .withPanel(decided())
    .withPanel(refused())
    .withPanel(age())
    .withPanel(oneOf('Devices', 'How many devices bore it? One is right.', 'device_id'))
    .withPanel(oneOf('Clients', 'How many clients bore it? One is right, a new version aside.', CLIENT))
    .withPanel(oneOf('Networks', 'From how many networks was it used?', 'enrichment_source_prefix'))
    .withRow(new RowBuilder('Over time'))
    .withPanel(timeline())
    .withPanel(risk())
    .withRow(new RowBuilder('In full'))
    .withPanel(linked(began(), 'subject', toSubject))
    .withPanel(bearers())
    .withPanel(found())
    .withPanel(replay())
    .withRow(new RowBuilder('Others'))
    .withPanel(shared())
}
