import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { REFUSED, RESOURCE, SUBJECT } from './terms.ts'
import { among, appVariable, ofTenant } from './variables.ts'

const decisions = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND ${among('resource_app', 'app')}`
const minutes = `FROM decisions_by_minute WHERE ${ofTenant} AND $__timeFilter(minute) AND ${among('app', 'app')}`

const decided = () =>
  stat('Decisions', 'How much is it used?').withTarget(
    table(`SELECT uniqCombined64Merge(14)(decisions) AS decisions ${minutes}`),
  )

const people = () =>
  stat('Subjects', 'By how many people and services?').withTarget(
    table(`SELECT uniqCombinedMerge(14)(subjects) AS subjects ${minutes}`),
  )

const refusedShare = () =>
  stat('Refused', 'What share of requests was refused or asked to step up?')
    .unit('percentunit')
    .decimals(2)
    .withTarget(
      table(
        `SELECT uniqCombined64MergeIf(14)(decisions, ${REFUSED}) / greatest(uniqCombined64Merge(14)(decisions), 1) AS refused ${minutes}`,
      ),
    )

const resources = () =>
  stat('Resources', 'How many different resources were asked for?').withTarget(
    table(`SELECT uniq(${RESOURCE}) AS resources ${decisions}`),
  )

const unmanaged = () =>
  stat(
    'From unmanaged devices',
    'How many requests were let in from a device that nobody manages?',
  ).withTarget(
    table(`SELECT uniqIf(id, outcome = 'permit' AND device_managed = false) AS decisions ${decisions}`),
  )

const countries = () =>
  stat('Countries', 'From how many countries is it used?').withTarget(
    table(
      `SELECT uniqIf(enrichment_source_country, enrichment_source_country != '' AND outcome = 'permit') AS countries ${decisions}`,
    ),
  )

const byOutcome = () =>
  bars('Decisions by outcome', 'Is it used as usual, and did it begin to refuse?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(minute) AS time, toString(outcome) AS outcome, uniqCombined64Merge(14)(decisions) AS decisions
       ${minutes} GROUP BY time, outcome ORDER BY time`,
    ),
  )

const subjectsOverTime = () =>
  lines('Subjects over time', 'How many people use it, and do more of them come at night?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(minute) AS time, uniqCombinedMerge(14)(subjects) AS subjects ${minutes} GROUP BY time ORDER BY time`,
    ),
  )

const users = () =>
  linked(
    rows('Who uses it', 'Who, how often, since when in this range, and who for the first time lately?'),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, uniqIf(id, outcome = 'permit') AS permitted, uniqIf(id, ${REFUSED}) AS refused,
         uniq(${RESOURCE}) AS resources, min(decided_at) AS first_seen, max(decided_at) AS last_seen
       ${decisions} GROUP BY subject ORDER BY first_seen DESC LIMIT 200`,
    ),
  )

const ways = () =>
  rows('How it is reached', 'By which devices, with which proof, under which rules?')
    .span(12)
    .withTarget(
      table(
        `SELECT toString(device_tier) AS device_tier, arrayStringConcat(arraySort(arrayMap(a -> toString(a), subject_amr)), ', ') AS proof, toString(policy_rule_id) AS rule,
           uniq(id) AS decisions, uniq(subject_type, subject_id) AS subjects, max(decided_at) AS last_seen
         ${decisions} AND outcome = 'permit' GROUP BY device_tier, proof, rule ORDER BY decisions DESC LIMIT 100`,
      ),
    )

const paths = () =>
  rows('What is asked for', 'Which resources and actions, by how many, and which by one person only?')
    .span(12)
    .withTarget(
      table(
        `SELECT ${RESOURCE} AS resource, toString(action_name) AS action, any(toString(enrichment_resource_sensitivity)) AS sensitivity,
           uniq(id) AS decisions, uniq(subject_type, subject_id) AS subjects, uniqIf(id, ${REFUSED}) AS refused, max(decided_at) AS last_seen
         ${decisions} GROUP BY resource, action ORDER BY subjects, decisions DESC LIMIT 200`,
      ),
    )

const refusals = () =>
  linked(
    rows('Who was refused', 'Who wanted in and did not get in, and why?'),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, arrayStringConcat(arraySort(groupUniqArrayArray(arrayMap(r -> toString(r), reasons))), ', ') AS reasons,
         uniq(id) AS decisions, max(decided_at) AS last_seen
       ${decisions} AND ${REFUSED} GROUP BY subject ORDER BY decisions DESC LIMIT 100`,
    ),
  )

const applications = () =>
  linked(
    rows('Applications', 'Which applications are there, and which does hardly anybody use?'),
    'application',
    toResource,
  ).withTarget(
    table(
      `SELECT toString(app) AS application, uniqCombined64Merge(14)(decisions) AS decided, uniqCombinedMerge(14)(subjects) AS people,
         uniqCombined64MergeIf(14)(decisions, ${REFUSED}) AS refused, max(minute) AS last_seen
       FROM decisions_by_minute WHERE ${ofTenant} AND $__timeFilter(minute) AND app != '' GROUP BY application ORDER BY people, decided LIMIT 200`,
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
    .withRow(new RowBuilder('Others'))
    .withPanel(applications())
}
