import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table } from './clickhouse-query.ts'
import { LACKS, MADE, gatewayBoots, numbered } from './gaps.ts'
import { metric } from './metrics.ts'
import { rows, stat } from './panels.ts'
import { deadLettersByReason } from './shared-panels.ts'
import { accountedFor } from './workers.ts'

const deadLetters = `FROM dead_letters WHERE $__timeFilter_ms(ingested_at)`
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
  alarming(
    stat('Missing', 'How many decisions are missing between the first and the last that each gateway sent?'),
    { red: 1 },
  ).withTarget(table(`SELECT sum(lacks) AS missing FROM (${chains})`))

const deadLettered = () =>
  alarming(
    stat('Dead-lettered', 'How many records could not be used and were put aside, with their reason?'),
    { orange: 1 },
  ).withTarget(table(`SELECT uniqExact(topic, partition, offset) AS records ${deadLetters}`))

const repeated = () =>
  stat(
    'Stored twice',
    'How many rows are repeats that a merge will still remove? What came days late may be counted here for some minutes.',
  ).withTarget(
    table(
      `SELECT toInt64(count()) - toInt64((SELECT sum(numbered) ${numbered})) AS repeats
       FROM decisions WHERE $__timeFilter_ms(decided_at) AND pep_seq IS NOT NULL`,
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

const deadLetterRows = () =>
  rows('Newest dead letters', 'What do the records look like that could not be used?')
    .noValue('Nothing was put aside in this time range')
    .withTarget(
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
    .withPanel(gatewayBoots())
    .withRow(new RowBuilder('Put aside'))
    .withPanel(deadLettersByReason().span(24))
    .withPanel(deadLetterRows())
    .withRow(new RowBuilder('Verification (Prometheus)'))
    .withPanel(problems())
    .withPanel(verifiedAge())
    .withPanel(undecided())
    .withPanel(proven())
    .withRow(new RowBuilder('From the log to the store (Prometheus)'))
    .withPanel(accountedFor().span(24))
}
