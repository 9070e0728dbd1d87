import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { withFilters } from './filters.ts'
import { linked, toDetector, toExplanation, toResource, toSource, toStory, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { TOLD } from './stories.ts'
import { REFUSED, SUBJECT, WRONG_CREDENTIALS } from './terms.ts'
import { ofTenant, sourceVariable, valueOf } from './variables.ts'

const typed = valueOf('source')
const masked = `IPv4NumToString(bitAnd(IPv4StringToNumOrDefault(${typed}), 4294967040))`
/** The network of a typed address, as enrichment names it; worked out once as a constant, so that the index serves. */
const prefix = `multiIf(isIPv4String(${typed}), concat(${masked}, '/24'),
  isIPv6String(${typed}), concat(toString(tupleElement(IPv6CIDRToRange(toIPv6OrDefault(${typed}), 56), 1)), '/56'), ${typed})`

const only = `enrichment_source_prefix = ${prefix}`
/** Who was there and with what, as rows that each stand for `n` decisions. */
const stays = fromRolled('stays_by_day', { only })
const staysOverTime = fromRolled('stays_by_day', { only, overTime: true })
const uses = fromRolled('uses_by_day', { only })

const decided = () =>
  stat('Decisions', 'How much came from this network?').withTarget(
    table(`SELECT sum(n) AS decisions ${stays}`),
  )

const tried = () =>
  stat('Accounts', 'How many accounts were used or tried from there?').withTarget(
    table(`SELECT uniqIf((subject_type, subject_id), subject_type != 'anonymous') AS accounts ${stays}`),
  )

const letIn = () =>
  stat('Accounts let in', 'As how many of them did somebody get in?').withTarget(
    table(
      `SELECT uniqIf((subject_type, subject_id), outcome = 'permit' AND subject_type != 'anonymous') AS accounts ${stays}`,
    ),
  )

const refusedShare = () =>
  stat('Refused', 'What share of its requests was refused or asked to step up?')
    .unit('percentunit')
    .decimals(2)
    .withTarget(table(`SELECT sumIf(n, ${REFUSED}) / greatest(sum(n), 1) AS refused ${stays}`))

const guesses = () =>
  stat('Wrong credentials', 'How often was a password, second factor or account name wrong?').withTarget(
    table(`SELECT sumIf(n, ${WRONG_CREDENTIALS}) AS decisions ${stays}`),
  )

const highestRisk = () =>
  alarming(stat('Highest risk', 'How risky did the network become, of 100?'), { orange: 40, red: 75 })
    .min(0)
    .max(100)
    .withTarget(
      table(
        `SELECT max(score) AS risk FROM risk_states
         WHERE ${ofTenant} AND entity_type = 'source' AND entity_id = ${prefix} AND $__timeFilter_ms(updated_at)`,
      ),
    )

const byOutcome = () =>
  bars('Decisions by outcome', 'When did it come, and what became of it?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, toString(outcome) AS outcome, sum(n) AS decisions
       ${staysOverTime} GROUP BY time, outcome ORDER BY time`,
    ),
  )

const accountsOverTime = () =>
  lines('Accounts over time', 'Does it go from account to account, and since when?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, uniq(subject_type, subject_id) AS accounts,
         uniqIf((subject_type, subject_id), ${WRONG_CREDENTIALS}) AS with_wrong_credentials
       ${staysOverTime} WHERE subject_type != 'anonymous' GROUP BY time ORDER BY time`,
    ),
  )

const accounts = () =>
  linked(
    rows('Who was tried from there', 'Which accounts, how often, and did somebody get in?'),
    'subject',
    toSubject,
  ).withTarget(
    table(
      `SELECT ${SUBJECT} AS subject, sum(n) AS decisions, sumIf(n, ${WRONG_CREDENTIALS}) AS wrong_credentials,
         sumIf(n, outcome = 'permit') AS permitted, wrong_credentials > 0 AND maxIf(last_at, outcome = 'permit') > minIf(first_at, ${WRONG_CREDENTIALS}) AS let_in_after_failing,
         min(first_at) AS first_seen, max(last_at) AS last_seen
       ${stays} WHERE subject_type != 'anonymous' GROUP BY subject ORDER BY let_in_after_failing DESC, wrong_credentials DESC, last_seen DESC LIMIT 200`,
    ),
  )

const clients = () =>
  rows('With which clients', 'Which browsers and TLS fingerprints, and is one of them a script?')
    .span(12)
    .withTarget(
      table(
        `SELECT toString(enrichment_user_agent_family) AS client, toString(enrichment_user_agent_os) AS system, toString(context_tls_fingerprint) AS tls_fingerprint,
           sum(n) AS decisions, uniq(subject_type, subject_id) AS accounts, max(last_at) AS last_seen
         ${stays} GROUP BY client, system, tls_fingerprint ORDER BY accounts DESC, decisions DESC LIMIT 100`,
      ),
    )

const wanted = () =>
  linked(
    rows('What it asked for', 'Which applications and resources, and what was it refused?').span(12),
    'application',
    toResource,
  ).withTarget(
    table(
      `SELECT toString(resource_app) AS application, resource,
           sum(n) AS decisions, sum(refusals) AS refused, uniq(subject_type, subject_id) AS accounts
         ${uses} GROUP BY application, resource ORDER BY decisions DESC, application, resource LIMIT 100`,
    ),
  )

const findings = () => {
  const panel = rows(
    'Findings',
    'What was found strange about this network, or names it, and in which story?',
  )
  const named = linked(linked(panel, 'detector', toDetector), 'story', toStory)
  return linked(named, 'decision_id', toExplanation).withTarget(
    table(
      `SELECT found.observed_at AS last_seen, risk_level, detector_id AS detector, technique, summary, score, decisions_total AS decisions, story, decision_ids[-1] AS decision_id
       FROM (
         SELECT * FROM findings FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at)
           AND ((entity_type = 'source' AND entity_id = ${prefix}) OR has(entities_id, ${prefix}))
         ORDER BY observed_at DESC, id LIMIT 100
       ) AS found ${TOLD} = found.id ORDER BY last_seen DESC, found.id LIMIT 100`,
    ),
  )
}

const networks = () =>
  linked(
    rows('Networks that guess', 'Which networks tried most accounts with wrong credentials in this time?'),
    'network',
    toSource,
  ).withTarget(
    table(
      `SELECT enrichment_source_prefix AS network, any(toString(enrichment_source_as_org)) AS provider, any(toString(enrichment_source_country)) AS country,
         any(toString(enrichment_source_network_kind)) AS kind, uniq(subject_type, subject_id) AS accounts, sum(n) AS decisions, max(last_at) AS last_seen
       ${fromRolled('subjects_by_day', { only: `enrichment_source_prefix != '' AND ${WRONG_CREDENTIALS}` })}
       GROUP BY network ORDER BY accounts DESC, decisions DESC, network LIMIT 50`,
    ),
  )

/** One network: who was tried from there, with what, and did anybody get in. */
export function source(): DashboardBuilder {
  const begun = board({
    name: 'source',
    title: 'source',
    description: 'One network: who was tried from there, with which clients, and who got in.',
    from: 'now-24h',
  }).withVariable(sourceVariable())
  return withFilters(begun)
    .withPanel(decided())
    .withPanel(refusedShare())
    .withPanel(tried())
    .withPanel(letIn())
    .withPanel(guesses())
    .withPanel(highestRisk())
    .withRow(new RowBuilder('Over time'))
    .withPanel(byOutcome())
    .withPanel(accountsOverTime())
    .withRow(new RowBuilder('Whom and what'))
    .withPanel(accounts())
    .withPanel(clients())
    .withPanel(wanted())
    .withPanel(findings())
    .withRow(new RowBuilder('Others'))
    .withPanel(networks())
}
