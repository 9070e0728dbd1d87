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
import { lines, rows, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { fromSubjectScores, ofDetectors } from './rolled-figures.ts'
import { REASONS, REFUSED, SUBJECT } from './terms.ts'
import { TOLD } from './stories.ts'
import { firstSeen, placesOfIt } from './subject-history.ts'
import { peers, unlikePeers } from './subject-peers.ts'
import {
  findings,
  id,
  isIt,
  newestDecisions,
  risk,
  stays,
  storyOfIt,
  types,
  uses,
  verdicts,
} from './subject-terms.ts'
import { timeline } from './subject-timeline.ts'
import { ofTenant, subjectVariable } from './variables.ts'

const decided = () =>
  stat('Decisions', 'How much did this subject do?').withTarget(table(`SELECT sum(n) AS decisions ${stays}`))

const refused = () =>
  stat('Refused', 'How often was it refused or asked to step up?').withTarget(
    table(`SELECT sumIf(n, ${REFUSED}) AS refused ${stays}`),
  )

const countries = () =>
  stat('Countries', 'From how many countries did it come?').withTarget(
    table(`SELECT uniqIf(enrichment_source_country, enrichment_source_country != '') AS countries ${stays}`),
  )

const networks = () =>
  stat('Networks', 'From how many networks did it come?').withTarget(
    table(`SELECT uniqIf(enrichment_source_prefix, enrichment_source_prefix != '') AS networks ${stays}`),
  )

const highestRisk = () =>
  alarming(stat('Highest risk', 'How risky did it become, of 100?'), { orange: 40, red: 75 })
    .min(0)
    .max(100)
    .withTarget(table(`SELECT max(score) AS risk ${risk}`))

const findingsTotal = () =>
  stat('Findings', 'How many findings name it?').withTarget(table(`SELECT count() AS findings ${findings}`))

const scores = () =>
  linkedLines(
    lines(
      'Detector scores',
      'Which detector found its decisions strange, and when? Each is on its own scale.',
    ),
    'detector',
    toDetector,
  )
    .span(24)
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, detector, max(highest_score) AS highest
         ${fromSubjectScores(isIt)} WHERE ${ofDetectors} GROUP BY time, detector ORDER BY time LIMIT 10000`,
      ),
    )

const sources = () =>
  linked(
    rows('Where it came from', 'Which places and networks, since when, and is one of them new?')
      .span(12)
      .height(12),
    'network',
    toSource,
  ).withTarget(
    table(
      `SELECT enrichment_source_prefix AS network, any(toString(enrichment_source_as_org)) AS provider, any(toString(enrichment_source_network_kind)) AS kind,
           any(toString(enrichment_source_city)) AS city, any(toString(enrichment_source_country)) AS country,
           sum(n) AS decisions, min(first_at) AS first_seen, max(last_at) AS last_seen
         ${stays} GROUP BY network ORDER BY last_seen DESC LIMIT 100`,
    ),
  )

const clients = () =>
  rows('What it used', 'Which browsers, systems and devices, and is one of them new?')
    .span(12)
    .withTarget(
      table(
        `SELECT toString(enrichment_user_agent_family) AS client, toString(enrichment_user_agent_os) AS system, device_id AS device,
           sum(n) AS decisions, uniqIf(subject_session_id, subject_session_id != '') AS sessions, min(first_at) AS first_seen, max(last_at) AS last_seen
         ${stays} GROUP BY client, system, device ORDER BY last_seen DESC LIMIT 100`,
      ),
    )

const sessions = () =>
  linked(
    rows('Sessions', 'Which sessions, from when to when, and was one used by two devices or clients?').span(
      12,
    ),
    'session',
    toSession,
  ).withTarget(
    table(
      `SELECT subject_session_id AS session, min(first_at) AS first_seen, max(last_at) AS last_seen, sum(n) AS decisions,
         uniqIf(device_id, device_id != '') AS devices, uniq(enrichment_user_agent_family, enrichment_user_agent_os) AS clients, uniq(enrichment_source_prefix) AS networks
       ${stays} WHERE subject_session_id != '' GROUP BY session ORDER BY last_seen DESC LIMIT 100`,
    ),
  )

const resources = () =>
  linked(
    rows('What it asked for', 'Which resources, how often, and which for the first time in this range?').span(
      12,
    ),
    'application',
    toResource,
  ).withTarget(
    table(
      `SELECT toString(resource_app) AS application, toString(action_name) AS action, resource,
           sum(n) AS decisions, sum(refusals) AS refused, min(first_at) AS first_seen
         ${uses} GROUP BY application, action, resource ORDER BY first_seen DESC, application, resource, action LIMIT 100`,
    ),
  )

const verdictRows = () =>
  rows('Verdicts', 'What did analysts say about it?')
    .noValue('No verdict in this time range')
    .withTarget(
      table(
        `SELECT decided_at, verdict, analyst, note ${verdicts}
         ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 100`,
      ),
    )

const findingRows = () => {
  const panel = rows('What was found', 'What was found strange, by which figures, and in which story?')
  const named = linked(linked(panel, 'detector', toDetector), 'story', toStory)
  return linked(named, 'decision_id', toExplanation).withTarget(
    table(
      `SELECT found.observed_at AS last_seen, risk_level, detector_id AS detector, cause, technique, summary, score, evidence_nats, evidence, story, decision_ids[-1] AS decision_id
       FROM (SELECT * ${findings} ORDER BY observed_at DESC, id LIMIT 100) AS found ${TOLD} = found.id
       ORDER BY last_seen DESC, found.id LIMIT 100`,
    ),
  )
}

const latest = () => {
  const panel = rows('Latest decisions', 'What exactly did it do, in order?').height(12)
  const named = linked(linked(panel, 'application', toResource), 'address', toSource)
  return linked(linked(named, 'session', toSession), 'id', toExplanation).withTarget(
    table(
      `SELECT decided_at, outcome, would_be, ${REASONS} AS reasons, resource_app AS application, action_name AS action, resource_id AS resource, context_ip AS address,
         enrichment_source_city AS city, enrichment_source_country AS country, subject_session_id AS session, risk_at_decision_score AS risk, policy_rule_id AS rule, id
       ${newestDecisions(100)} ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 100`,
    ),
  )
}

const begunWith = () =>
  linked(
    rows('Subjects that begin so', 'Who else begins with what was typed, and whom was it meant for?').span(
      12,
    ),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, sum(n) AS decisions, max(last_at) AS last_seen
       ${fromRolled('subjects_by_day', { only: `subject_type IN (${types}) AND startsWith(subject_id, ${id})` })}
       GROUP BY subject ORDER BY length(subject), subject LIMIT 100`,
    ),
  )

const whoToLookAt = () =>
  linked(
    rows('Subjects with findings', 'Whom is it worth to look at in this time?').span(12),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT entity_id AS subject, count() AS findings, max(score) AS highest_score, max(observed_at) AS last_seen
       FROM findings FINAL WHERE ${ofTenant} AND entity_type = 'subject' AND $__timeFilter_ms(observed_at)
       GROUP BY subject ORDER BY last_seen DESC LIMIT 50`,
    ),
  )

/** Everything about one subject. */
export function subject(): DashboardBuilder {
  const begun = board({
    name: 'subject',
    title: 'subject',
    description: 'One subject: what it did, from where, what was found strange and what became of it.',
    from: 'now-24h',
    attacks: storyOfIt,
  }).withVariable(subjectVariable())
  return withFilters(begun)
    .withPanel(decided())
    .withPanel(refused())
    .withPanel(countries())
    .withPanel(networks())
    .withPanel(highestRisk())
    .withPanel(findingsTotal())
    .withRow(new RowBuilder('Over time'))
    .withPanel(timeline())
    .withPanel(scores())
    .withRow(new RowBuilder('Places'))
    .withPanel(placesOfIt())
    .withPanel(sources())
    .withRow(new RowBuilder('Habits'))
    .withPanel(firstSeen().span(12))
    .withPanel(clients())
    .withPanel(sessions())
    .withPanel(resources())
    .withRow(new RowBuilder('Peers'))
    .withPanel(unlikePeers())
    .withPanel(peers())
    .withRow(new RowBuilder('In full'))
    .withPanel(verdictRows())
    .withPanel(findingRows())
    .withPanel(latest())
    .withRow(new RowBuilder('Others'))
    .withPanel(begunWith())
    .withPanel(whoToLookAt())
}
