import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { linked, linkedLines, toResource, toStory, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { ABOUT, fromRolled, SUBJECTS } from './rolled.ts'
import { REFUSED } from './terms.ts'
import { findingsByDetector } from './shared-panels.ts'
import { whatChanged } from './what-changed.ts'
import { among, appVariable, ofTenant } from './variables.ts'

const ofApps = `WHERE ${among('resource_app', 'app')}`
const hours = `${fromRolled('decisions_by_hour')} ${ofApps}`
const overTime = `${fromRolled('decisions_by_hour', { overTime: true })} ${ofApps}`
const days = `${fromRolled('decisions_by_day')} ${ofApps}`
const subjects = `${fromRolled('subjects_by_day')} ${ofApps}`

const decided = () =>
  stat('Decisions', 'How many decisions were made?').withTarget(table(`SELECT sum(n) AS decisions ${hours}`))

const refusedShare = () =>
  stat('Refused', 'What share of them was refused or asked to step up?')
    .unit('percentunit')
    .decimals(2)
    .withTarget(table(`SELECT sumIf(n, ${REFUSED}) / greatest(sum(n), 1) AS refused ${hours}`))

const subjectsSeen = () =>
  stat('Subjects', 'How many different people and services asked?').withTarget(
    table(`SELECT uniq(subject_type, subject_id) AS subjects ${subjects}`),
  )

const openStories = () =>
  alarming(stat('Open stories', 'How many stories that were active in this time still want a verdict?'), {
    orange: 1,
  }).withTarget(
    table(
      `SELECT countIf(state = 'open') AS stories FROM stories FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at)`,
    ),
  )

const restricted = () =>
  stat('Restricted now', 'How many subjects does risk restrict at this moment?').withTarget(
    table(
      `SELECT count() AS subjects FROM (
         SELECT entity_id, argMax((level, required_action, expires_at), revision) AS newest FROM risk_states WHERE ${ofTenant} AND entity_type = 'subject' AND updated_at >= now() - INTERVAL 7 DAY
         GROUP BY entity_id
       ) WHERE (newest.1 != 'LOW' OR newest.2 = 'revoke') AND ifNull(newest.3, now() + 1) > now()`,
    ),
  )

const byFeedback = () =>
  stat('Refused by risk', 'How many refusals did our own risk feedback cause?').withTarget(
    table(`SELECT sumIf(n, caused_by = 'risk_feedback') AS decisions ${hours}`),
  )

const byOutcome = () =>
  bars('Decisions by outcome', 'Is the mix of outcomes as usual, and when did it change?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, toString(outcome) AS outcome, sum(n) AS decisions
       ${overTime} GROUP BY time, outcome ORDER BY time`,
    ),
  )

const refusedByApp = () =>
  linkedLines(
    lines('Refused by application', 'Which application refuses most, and did one begin to?'),
    'application',
    toResource,
  ).withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, toString(resource_app) AS application, sum(n) AS refused
       ${overTime} AND ${REFUSED} GROUP BY time, application ORDER BY time LIMIT 5000`,
    ),
  )

const refusedByRevision = () =>
  lines('Refused by policy revision', 'Did a new revision of the policy begin to refuse people?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, substring(policy_revision, 1, 12) AS revision, sum(n) AS refused
       ${overTime} AND ${REFUSED} GROUP BY time, revision ORDER BY time LIMIT 5000`,
    ),
  )

const wouldBe = () =>
  rows(
    'What enforcing would change',
    `On which routes would enforcing risk refuse people who get in today? ${ABOUT}`,
  )
    .span(12)
    .noValue('Enforcing would change no decision of this time range')
    .withTarget(
      table(
        `SELECT toString(policy_route_id) AS route, toString(would_be) AS would_be, sum(n) AS decisions, ${SUBJECTS} AS subjects
         ${days} AND would_be != '' AND would_be != outcome GROUP BY route, would_be ORDER BY decisions DESC LIMIT 50`,
      ),
    )

const reasons = () =>
  rows('Reasons of refusals', `Why were people refused? ${ABOUT}`)
    .span(12)
    .withTarget(
      table(
        `SELECT toString(arrayJoin(reasons)) AS reason, sum(n) AS decisions, ${SUBJECTS} AS subjects
         ${days} AND ${REFUSED} GROUP BY reason ORDER BY decisions DESC LIMIT 50`,
      ),
    )

const stories = () =>
  linked(
    rows('Stories', 'What happened, how grave is it, and what was done about it?'),
    'title',
    toStory,
    'id',
  ).withTarget(
    table(
      `SELECT observed_at AS last_seen, risk_level, title, state, response, ifNull(verdict, '') AS verdict, findings_total AS findings, entities_total AS entities, id
       FROM stories FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at) AND merged_into IS NULL
       ORDER BY observed_at DESC, id LIMIT 100`,
    ),
  )

const riskiest = () =>
  linked(
    rows('Riskiest subjects', 'Who carries the highest risk in this time, and why?').span(12),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT entity_id AS subject, max(score) AS highest, argMax(score, revision) AS newest, argMax(toString(level), revision) AS risk_level,
         arrayStringConcat(arrayDistinct(arrayFlatten(groupArray(arrayMap(c -> toString(c), causes_cause)))), ', ') AS causes, max(updated_at) AS changed
       FROM risk_states WHERE ${ofTenant} AND entity_type = 'subject' AND $__timeFilter_ms(updated_at)
       GROUP BY entity_id ORDER BY highest DESC LIMIT 50`,
    ),
  )

const withheld = () =>
  rows('Restrictions withheld', 'Whom did risk not restrict though it asked for it, and why?')
    .span(12)
    .noValue('No restriction was withheld in this time range')
    .withTarget(
      table(
        `SELECT assumeNotNull(withheld) AS because, entity_type AS kind, uniq(entity_id) AS entities, max(updated_at) AS newest
         FROM risk_states WHERE ${ofTenant} AND withheld IS NOT NULL AND $__timeFilter_ms(updated_at)
         GROUP BY because, kind ORDER BY entities DESC LIMIT 50`,
      ),
    )

/** The state of everything at a glance: decisions, what was found, and what was done. */
export function overview(): DashboardBuilder {
  return board({
    name: 'overview',
    title: 'overview',
    description: 'Decisions, what was found strange in them, and what was done about it.',
    from: 'now-6h',
    refresh: '30s',
  })
    .withVariable(appVariable())
    .withPanel(decided())
    .withPanel(refusedShare())
    .withPanel(subjectsSeen())
    .withPanel(openStories())
    .withPanel(restricted())
    .withPanel(byFeedback())
    .withRow(new RowBuilder('Decisions'))
    .withPanel(byOutcome())
    .withPanel(refusedByApp())
    .withPanel(reasons())
    .withPanel(wouldBe())
    .withRow(new RowBuilder('What changed'))
    .withPanel(whatChanged())
    .withRow(new RowBuilder('What was found'))
    .withPanel(findingsByDetector())
    .withPanel(refusedByRevision())
    .withPanel(stories())
    .withPanel(riskiest())
    .withPanel(withheld())
}
