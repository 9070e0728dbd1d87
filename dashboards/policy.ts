import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { ABOUT, fromRolled, SUBJECTS } from './rolled.ts'
import { REFUSED } from './terms.ts'
import { rulesNotUsed } from './unused-access.ts'
import { among, appVariable } from './variables.ts'

const ofApps = `WHERE ${among('resource_app', 'app')}`
const hours = `${fromRolled('decisions_by_hour')} ${ofApps}`
const overTime = `${fromRolled('decisions_by_hour', { overTime: true })} ${ofApps}`
const days = `${fromRolled('decisions_by_day')} ${ofApps}`
const subjects = `${fromRolled('subjects_by_day')} ${ofApps}`
const REVISION = `substring(policy_revision, 1, 12)`
/** Refused by what the policy says, and not by wrong credentials, risk or a failure. */
const BY_POLICY = `hasAny(reasons, ['policy_deny', 'no_route', 'no_rule_matched', 'device_tier_too_low', 'device_unknown', 'step_up_required', 'permission_missing'])`

const revisions = () =>
  stat('Revisions', 'How many revisions of the policy were at work?').withTarget(
    table(`SELECT uniqIf(policy_revision, policy_revision != '') AS revisions ${hours}`),
  )

const byPolicy = () =>
  stat('Refused by policy', 'How often did the policy itself say no?').withTarget(
    table(`SELECT sumIf(n, ${REFUSED} AND ${BY_POLICY}) AS refused ${hours}`),
  )

const peopleRefused = () =>
  stat('Subjects refused', 'How many people and services did the policy refuse?').withTarget(
    table(`SELECT uniqIf((subject_type, subject_id), ${REFUSED} AND ${BY_POLICY}) AS subjects ${subjects}`),
  )

const noRule = () =>
  stat('No rule matched', 'How often did no rule say anything, so that the answer was no?').withTarget(
    table(`SELECT sumIf(n, has(reasons, 'no_rule_matched')) AS decisions ${hours}`),
  )

const shadowDiffers = () =>
  stat('Shadow would differ', 'How often would the revision in the shadow decide otherwise?').withTarget(
    table(
      `SELECT sumIf(n, policy_shadow_outcome != '' AND policy_shadow_outcome != outcome) AS decisions ${hours}`,
    ),
  )

const steppedUp = () =>
  stat('Asked to step up', 'How often was more proof asked for?').withTarget(
    table(`SELECT sumIf(n, outcome = 'step_up') AS decisions ${hours}`),
  )

const byRule = () =>
  bars('Refused by rule', 'Which rule refuses, and since when?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, if(policy_rule_id = '', 'no rule', toString(policy_rule_id)) AS rule, sum(n) AS refused
       ${overTime} AND ${REFUSED} AND ${BY_POLICY} GROUP BY time, rule ORDER BY time LIMIT 10000`,
    ),
  )

const shareByRevision = () =>
  lines('Share refused by revision', 'Does a new revision refuse a larger share than the one before?')
    .unit('percentunit')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, ${REVISION} AS revision, sumIf(n, ${REFUSED} AND ${BY_POLICY}) / greatest(sum(n), 1) AS refused
         ${overTime} AND policy_revision != '' GROUP BY time, revision ORDER BY time LIMIT 10000`,
      ),
    )

const rules = () =>
  rows(
    'Rules',
    `What does each rule decide, for how many, and which matches hardly anybody? ${ABOUT}`,
  ).withTarget(
    table(
      `SELECT if(policy_rule_id = '', 'no rule', toString(policy_rule_id)) AS rule, toString(policy_route_id) AS route, sum(n) AS decisions,
         sumIf(n, outcome = 'permit') AS permitted, sumIf(n, ${REFUSED}) AS refused, ${SUBJECTS} AS subjects,
         argMax(${REVISION}, last_at) AS newest_revision, max(last_at) AS last_matched
       ${days} GROUP BY rule, route ORDER BY subjects, decisions LIMIT 200`,
    ),
  )

const newlyBlocked = () => {
  const panel = rows(
    'Newly blocked people',
    'Who used an application under an earlier revision of this time and is refused by policy under a later one?',
  )
  return linked(linked(panel, 'subject', toSubject), 'application', toResource)
    .noValue('Nobody was blocked in this time range')
    .withTarget(
      table(
        `SELECT concat(subject_type, ':', subject_id) AS subject, toString(resource_app) AS application, permitted, refused, permitted_under, refused_under, rule, first_reasons, last_permitted, first_refused FROM (
         SELECT subject_type, subject_id, resource_app, sumIf(n, outcome = 'permit') AS permitted,
           sumIf(n, ${REFUSED} AND ${BY_POLICY}) AS refused, argMaxIf(${REVISION}, last_at, outcome = 'permit') AS permitted_under,
           argMaxIf(${REVISION}, last_at, ${REFUSED} AND ${BY_POLICY}) AS refused_under, argMaxIf(toString(policy_rule_id), last_at, ${REFUSED}) AS rule,
           arrayStringConcat(argMinIf(arrayMap(r -> toString(r), reasons), first_at, ${REFUSED} AND ${BY_POLICY}), ', ') AS first_reasons,
           maxIf(last_at, outcome = 'permit') AS last_permitted, minIf(first_at, ${REFUSED} AND ${BY_POLICY}) AS first_refused
         ${subjects} AND policy_revision != '' GROUP BY subject_type, subject_id, resource_app
       ) WHERE permitted > 0 AND refused > 0 AND refused_under != permitted_under AND first_refused > last_permitted
       ORDER BY first_refused DESC LIMIT 200`,
      ),
    )
}

const shadow = () =>
  linked(
    rows('Shadow against active', `Whom would the revision in the shadow let in or shut out? ${ABOUT}`),
    'application',
    toResource,
  )
    .noValue('No revision in the shadow decides otherwise in this time range')
    .withTarget(
      table(
        `SELECT substring(policy_shadow_revision, 1, 12) AS shadow_revision, toString(outcome) AS active, toString(policy_shadow_outcome) AS shadow,
         toString(resource_app) AS application, sum(n) AS decisions, ${SUBJECTS} AS subjects, max(last_at) AS newest
       ${days} AND policy_shadow_outcome != '' AND policy_shadow_outcome != outcome
       GROUP BY shadow_revision, active, shadow, application ORDER BY subjects DESC LIMIT 100`,
      ),
    )

const reasonsByApp = () =>
  linked(
    rows('Reasons', `Why does the policy refuse, application by application? ${ABOUT}`),
    'application',
    toResource,
  ).withTarget(
    table(
      `SELECT toString(resource_app) AS application, toString(arrayJoin(reasons)) AS reason, sum(n) AS decisions, ${SUBJECTS} AS subjects
       ${days} AND ${REFUSED} AND ${BY_POLICY} GROUP BY application, reason ORDER BY subjects DESC LIMIT 200`,
    ),
  )

/** What the policy does to people: by rule, by revision, in the shadow. */
export function policy(): DashboardBuilder {
  return board({
    name: 'policy',
    title: 'policy outcomes',
    description: 'What the policy decides by rule and revision, and whom a new revision blocks.',
    from: 'now-7d',
  })
    .withVariable(appVariable())
    .withPanel(revisions())
    .withPanel(byPolicy())
    .withPanel(peopleRefused())
    .withPanel(noRule())
    .withPanel(shadowDiffers())
    .withPanel(steppedUp())
    .withRow(new RowBuilder('Over time'))
    .withPanel(byRule())
    .withPanel(shareByRevision())
    .withRow(new RowBuilder('People'))
    .withPanel(newlyBlocked())
    .withPanel(shadow())
    .withRow(new RowBuilder('Rules'))
    .withPanel(rules())
    .withPanel(rulesNotUsed())
    .withPanel(reasonsByApp())
}
