import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { linked, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { REFUSED, SUBJECT } from './terms.ts'
import { among, appVariable, ofTenant } from './variables.ts'

const decisions = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND ${among('resource_app', 'app')}`
const REVISION = `substring(policy_revision, 1, 12)`
/** Refused by what the policy says, and not by wrong credentials, risk or a failure. */
const BY_POLICY = `hasAny(reasons, ['policy_deny', 'no_route', 'no_rule_matched', 'device_tier_too_low', 'device_unknown', 'step_up_required', 'permission_missing'])`

const revisions = () =>
  stat('Revisions', 'How many revisions of the policy were at work?').withTarget(
    table(`SELECT uniqIf(policy_revision, policy_revision != '') AS revisions ${decisions}`),
  )

const byPolicy = () =>
  stat('Refused by policy', 'How often did the policy itself say no?').withTarget(
    table(`SELECT uniqIf(id, ${REFUSED} AND ${BY_POLICY}) AS refused ${decisions}`),
  )

const peopleRefused = () =>
  stat('Subjects refused', 'How many people and services did the policy refuse?').withTarget(
    table(`SELECT uniqIf((subject_type, subject_id), ${REFUSED} AND ${BY_POLICY}) AS subjects ${decisions}`),
  )

const noRule = () =>
  stat('No rule matched', 'How often did no rule say anything, so that the answer was no?').withTarget(
    table(`SELECT uniqIf(id, has(reasons, 'no_rule_matched')) AS decisions ${decisions}`),
  )

const shadowDiffers = () =>
  stat('Shadow would differ', 'How often would the revision in the shadow decide otherwise?').withTarget(
    table(
      `SELECT uniqIf(id, policy_shadow_outcome != '' AND policy_shadow_outcome != outcome) AS decisions ${decisions}`,
    ),
  )

const steppedUp = () =>
  stat('Asked to step up', 'How often was more proof asked for?').withTarget(
    table(`SELECT uniqIf(id, outcome = 'step_up') AS decisions ${decisions}`),
  )

const byRule = () =>
  bars('Refused by rule', 'Which rule refuses, and since when?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, if(policy_rule_id = '', 'no rule', toString(policy_rule_id)) AS rule, uniq(id) AS refused
       ${decisions} AND ${REFUSED} AND ${BY_POLICY} GROUP BY time, rule ORDER BY time LIMIT 10000`,
    ),
  )

const shareByRevision = () =>
  lines('Share refused by revision', 'Does a new revision refuse a larger share than the one before?')
    .unit('percentunit')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, ${REVISION} AS revision, uniqIf(id, ${REFUSED} AND ${BY_POLICY}) / greatest(uniq(id), 1) AS refused
         ${decisions} AND policy_revision != '' GROUP BY time, revision ORDER BY time LIMIT 10000`,
      ),
    )

const rules = () =>
  rows('Rules', 'What does each rule decide, for how many, and which matches hardly anybody?').withTarget(
    table(
      `SELECT if(policy_rule_id = '', 'no rule', toString(policy_rule_id)) AS rule, toString(policy_route_id) AS route, uniq(id) AS decisions,
         uniqIf(id, outcome = 'permit') AS permitted, uniqIf(id, ${REFUSED}) AS refused, uniq(subject_type, subject_id) AS subjects,
         argMax(${REVISION}, decided_at) AS newest_revision, max(decided_at) AS last_matched
       ${decisions} GROUP BY rule, route ORDER BY subjects, decisions LIMIT 200`,
    ),
  )

const newlyBlocked = () =>
  linked(
    rows(
      'Newly blocked people',
      'Who used an application under an earlier revision of this time and is refused by policy under a later one?',
    ),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT subject, application, permitted, refused, permitted_under, refused_under, rule, first_reasons, last_permitted, first_refused FROM (
         SELECT ${SUBJECT} AS subject, toString(resource_app) AS application, uniqIf(id, outcome = 'permit') AS permitted,
           uniqIf(id, ${REFUSED} AND ${BY_POLICY}) AS refused, argMaxIf(${REVISION}, decided_at, outcome = 'permit') AS permitted_under,
           argMaxIf(${REVISION}, decided_at, ${REFUSED} AND ${BY_POLICY}) AS refused_under, argMaxIf(toString(policy_rule_id), decided_at, ${REFUSED}) AS rule,
           arrayStringConcat(argMinIf(arrayMap(r -> toString(r), reasons), decided_at, ${REFUSED} AND ${BY_POLICY}), ', ') AS first_reasons,
           maxIf(decided_at, outcome = 'permit') AS last_permitted, minIf(decided_at, ${REFUSED} AND ${BY_POLICY}) AS first_refused
         ${decisions} AND policy_revision != '' GROUP BY subject, application
       ) WHERE permitted > 0 AND refused > 0 AND refused_under != permitted_under AND first_refused > last_permitted
       ORDER BY first_refused DESC LIMIT 200`,
    ),
  )

const shadow = () =>
  rows('Shadow against active', 'Whom would the revision in the shadow let in or shut out?').withTarget(
    table(
      `SELECT substring(policy_shadow_revision, 1, 12) AS shadow_revision, toString(outcome) AS active, toString(policy_shadow_outcome) AS shadow,
         toString(resource_app) AS application, uniq(id) AS decisions, uniq(subject_type, subject_id) AS subjects, max(decided_at) AS newest
       ${decisions} AND policy_shadow_outcome != '' AND policy_shadow_outcome != outcome
       GROUP BY shadow_revision, active, shadow, application ORDER BY subjects DESC LIMIT 100`,
    ),
  )

const reasonsByApp = () =>
  rows('Reasons', 'Why does the policy refuse, application by application?').withTarget(
    table(
      `SELECT toString(resource_app) AS application, toString(arrayJoin(reasons)) AS reason, uniq(id) AS decisions, uniq(subject_type, subject_id) AS subjects
       ${decisions} AND ${REFUSED} AND ${BY_POLICY} GROUP BY application, reason ORDER BY subjects DESC LIMIT 200`,
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
    .withPanel(reasonsByApp())
}
