import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { ABOUT, fromRolled, RESOURCES, SUBJECTS } from './rolled.ts'
import { REFUSED, SUBJECT } from './terms.ts'
import { accessNotUsed } from './unused-access.ts'
import { among, appVariable } from './variables.ts'

const ofApps = `WHERE ${among('resource_app', 'app')}`
const hours = `${fromRolled('decisions_by_hour')} ${ofApps}`
const overTime = `${fromRolled('decisions_by_hour', { overTime: true })} ${ofApps}`
const days = `${fromRolled('decisions_by_day')} ${ofApps}`
const subjects = `${fromRolled('subjects_by_day')} ${ofApps}`

const decided = () =>
  stat('Decisions', 'How much is it used?').withTarget(table(`SELECT sum(n) AS decisions ${hours}`))

const people = () =>
  stat('Subjects', 'By how many people and services?').withTarget(
    table(`SELECT uniq(subject_type, subject_id) AS subjects ${subjects}`),
  )

const refusedShare = () =>
  stat('Refused', 'What share of requests was refused or asked to step up?')
    .unit('percentunit')
    .decimals(2)
    .withTarget(table(`SELECT sumIf(n, ${REFUSED}) / greatest(sum(n), 1) AS refused ${hours}`))

const resources = () =>
  stat('Resources', 'How many different resources were asked for?').withTarget(
    table(`SELECT uniq(resource) AS resources ${days}`),
  )

const unmanaged = () =>
  stat(
    'From unmanaged devices',
    'How many requests were let in from a device that nobody manages?',
  ).withTarget(table(`SELECT sumIf(unmanaged, outcome = 'permit') AS decisions ${hours}`))

const countries = () =>
  stat('Countries', 'From how many countries is it used?').withTarget(
    table(
      `SELECT uniqIf(enrichment_source_country, enrichment_source_country != '' AND outcome = 'permit') AS countries ${subjects}`,
    ),
  )

const byOutcome = () =>
  bars('Decisions by outcome', 'Is it used as usual, and did it begin to refuse?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, toString(outcome) AS outcome, sum(n) AS decisions
       ${overTime} GROUP BY time, outcome ORDER BY time`,
    ),
  )

const subjectsOverTime = () =>
  lines(
    'Subjects over time',
    `How many people use it, and do more of them come at night? ${ABOUT}`,
  ).withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, ${SUBJECTS} AS subjects
       ${fromRolled('subjects_by_hour', { overTime: true })} ${ofApps} GROUP BY time ORDER BY time`,
    ),
  )

const users = () =>
  linked(
    rows(
      'Who uses it',
      'Who, how often, since when in this range, and who for the first time lately? How many resources is an estimate, mostly within a tenth, and of more than two hundred too low.',
    ),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, sumIf(n, outcome = 'permit') AS permitted, sumIf(n, ${REFUSED}) AS refused,
         ${RESOURCES} AS resources, min(first_at) AS first_seen, max(last_at) AS last_seen
       ${subjects} GROUP BY subject_type, subject_id ORDER BY first_seen DESC LIMIT 200`,
    ),
  )

const ways = () =>
  rows('How it is reached', `By which devices, with which proof, under which rules? ${ABOUT}`)
    .span(12)
    .withTarget(
      table(
        `SELECT toString(device_tier) AS device_tier, arrayStringConcat(arraySort(arrayMap(a -> toString(a), subject_amr)), ', ') AS proof, toString(policy_rule_id) AS rule,
           sum(n) AS decisions, ${SUBJECTS} AS subjects, max(last_at) AS last_seen
         ${days} AND outcome = 'permit' GROUP BY device_tier, proof, rule ORDER BY decisions DESC LIMIT 100`,
      ),
    )

const paths = () =>
  rows(
    'What is asked for',
    `Which resources and actions, by how many, and which by one person only? ${ABOUT}`,
  )
    .span(12)
    .withTarget(
      table(
        `SELECT resource, toString(action_name) AS action, any(toString(sensitivity)) AS sensitive,
           sum(n) AS decisions, ${SUBJECTS} AS subjects, sumIf(n, ${REFUSED}) AS refused, max(last_at) AS last_seen
         ${days} GROUP BY resource, action ORDER BY subjects, decisions DESC LIMIT 200`,
      ),
    )

const refusals = () =>
  linked(
    rows('Who was refused', 'Who wanted in and did not get in, and why?'),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, arrayStringConcat(arraySort(groupUniqArrayArray(arrayMap(r -> toString(r), reasons))), ', ') AS because,
         sum(n) AS decisions, max(last_at) AS last_seen
       ${subjects} AND ${REFUSED} GROUP BY subject_type, subject_id ORDER BY decisions DESC LIMIT 100`,
    ),
  )

const applications = () =>
  linked(
    rows('Applications', `Which applications are there, and which does hardly anybody use? ${ABOUT}`),
    'application',
    toResource,
  ).withTarget(
    table(
      `SELECT toString(resource_app) AS application, sum(n) AS decided, ${SUBJECTS} AS people,
         sumIf(n, ${REFUSED}) AS refused, max(last_at) AS last_seen
       ${fromRolled('decisions_by_day')} WHERE resource_app != '' GROUP BY application ORDER BY people, decided LIMIT 200`,
    ),
  )

/** What an application is asked for: who, how, since when. */
export function resource(): DashboardBuilder {
  return board({
    name: 'resource',
    title: 'resource',
    description: 'Applications and their resources: who uses them, how they are reached, and who is refused.',
    from: 'now-7d',
  })
    .withVariable(appVariable())
    .withPanel(decided())
    .withPanel(people())
    .withPanel(refusedShare())
    .withPanel(resources())
    .withPanel(unmanaged())
    .withPanel(countries())
    .withRow(new RowBuilder('Over time'))
    .withPanel(byOutcome())
    .withPanel(subjectsOverTime())
    .withRow(new RowBuilder('Who and how'))
    .withPanel(users())
    .withPanel(ways())
    .withPanel(paths())
    .withPanel(refusals())
    .withPanel(accessNotUsed())
    .withRow(new RowBuilder('Others'))
    .withPanel(applications())
}
