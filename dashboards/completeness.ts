import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table } from './clickhouse-query.ts'
import { metric } from './metrics.ts'
import { rows, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { deadLettersByReason } from './shared-panels.ts'
import { ofTenant } from './variables.ts'

const numbered = `${fromRolled('gateways_by_hour')} WHERE numbered > 0`
const deadLetters = `FROM dead_letters WHERE $__timeFilter_ms(ingested_at)`
/** Between the first and the last number that is stored; what lies before and after, only checkpoints tell. */
const MADE = `toInt64(max(last_seq)) - toInt64(min(first_seq)) + 1`
const LACKS = `${MADE} - toInt64(sum(numbered))`
const chains = `SELECT ${LACKS} AS lacks, sum(numbered) AS stored, ${MADE} AS made ${numbered} GROUP BY pep_id, pep_boot_id`

const made = () =>
  stat(
    'Numbered',
    'How many decisions did gateways number, from the first to the last that is stored?',
  ).withTarget(table(`SELECT sum(made) AS decisions FROM (${chains})`))

const stored = () =>
  stat('Stored', 'How many of them are stored?').withTarget(
    table(`SELECT sum(stored) AS decisions FROM (${chains})`),
  )

const missing = () =>
  stat(
    'Missing',
    'How many decisions are missing between the first and the last that each gateway sent?',
  ).withTarget(table(`SELECT sum(lacks) AS missing FROM (${chains})`))

const deadLettered = () =>
  stat(
    'Dead-lettered',
    'How many records could not be used and were put aside, with their reason?',
  ).withTarget(table(`SELECT uniqExact(topic, partition, offset) AS records ${deadLetters}`))

const repeated = () =>
  stat(
    'Stored twice',
    'How many rows are repeats that a merge will still remove? What came days late may be counted here for some minutes.',
  ).withTarget(
    table(
      `SELECT toInt64(count()) - toInt64((SELECT sum(numbered) ${numbered})) AS repeats
       FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND pep_seq IS NOT NULL`,
    ),
  )

const kept = () =>
  stat('With a kept hash', 'How many rows hold a hash that pins those before them?').withTarget(
    table(`SELECT sum(pinned) AS decisions ${numbered}`),
  )

const problems = () =>
  metric(
    'Problems that stand',
    'Did verification find gaps, alterations, insertions? Anything above zero wants a person.',
    'max by (kind) (gatewatch_verify_problems)',
    '{{kind}}',
  )

const verifiedAge = () =>
  metric(
    'Verified up to',
    'How old is the newest decision up to which everything is proven?',
    'time() - max(gatewatch_verify_verified_timestamp_seconds > 0)',
    'newest decision proven',
  ).unit('s')

const undecided = () =>
  metric(
    'Not decided yet',
    'How many stored decisions can nothing be said of yet, and why?',
    'max by (reason) (gatewatch_verify_undecided_decisions)',
    '{{reason}}',
  )

const proven = () =>
  metric(
    'Proven a second',
    'How many stored decisions does verification prove against signed checkpoints?',
    'sum by (result) (rate(gatewatch_verify_decisions_total[$__rate_interval]))',
    '{{result}}',
  )

const boots = () =>
  rows(
    'Gateways and their boots',
    'Is the sequence of every gateway whole? What is missing here was lost, is a dead letter, or was removed.',
  ).withTarget(
    table(
      `SELECT toString(pep_id) AS gateway, toString(pep_boot_id) AS boot, toString(any(pep_version)) AS version, min(first_at) AS first, max(last_at) AS last,
         min(first_seq) AS from_number, max(last_seq) AS to_number, sum(numbered) AS stored, ${LACKS} AS missing
       ${numbered} GROUP BY gateway, boot ORDER BY missing DESC, last DESC LIMIT 100`,
    ),
  )

const deadLetterRows = () =>
  rows('Newest dead letters', 'What do the records look like that could not be used?').withTarget(
    table(
      `SELECT ingested_at, reason, detail, source_topic, source_partition, source_offset, key, value_bytes
       ${deadLetters} ORDER BY ingested_at DESC LIMIT 1 BY topic, partition, offset LIMIT 100`,
    ),
  )

/** Is everything there that was decided, and nothing else? */
export function completeness(): DashboardBuilder {
  return board({
    name: 'completeness',
    title: 'completeness',
    description: 'Whether every decision is stored once or put aside with a reason, and proven unaltered.',
    from: 'now-24h',
  })
    .withPanel(made())
    .withPanel(stored())
    .withPanel(missing())
    .withPanel(deadLettered())
    .withPanel(repeated())
    .withPanel(kept())
    .withRow(new RowBuilder('Numbers'))
    .withPanel(boots())
    .withRow(new RowBuilder('Put aside'))
    .withPanel(deadLettersByReason().span(24))
    .withPanel(deadLetterRows())
    .withRow(new RowBuilder('Verification (Prometheus)'))
    .withPanel(problems())
    .withPanel(verifiedAge())
    .withPanel(undecided())
    .withPanel(proven())
}
