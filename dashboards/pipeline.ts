import { DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { table, timeSeries } from './clickhouse-query.ts'
import { bars, lines, linksFrom, rows, stat } from './panels.ts'
import { ofTenant, tenantVariable } from './variables.ts'
import {
  engineRestarts,
  flushSeconds,
  scoringRate,
  scoringSeconds,
  storageLag,
  unrecorded,
} from './workers.ts'

/** Live decisions only: imported history says nothing about how quick and whole the pipeline is. */
const live = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND origin = 'live'`
const delay = `greatest(date_diff('millisecond', decided_at, ingested_at), 0)`

const age = () =>
  stat('Newest decision', 'How old is the newest decision in the store?')
    .unit('s')
    .withTarget(
      table(`SELECT if(count() = 0, NULL, date_diff('second', max(decided_at), now())) AS age ${live}`),
    )

const missing = () =>
  stat(
    'Missing',
    'How many decisions are missing between the first and the last that each gateway sent?',
  ).withTarget(
    table(
      `SELECT sum(missing) AS missing FROM (
         SELECT toInt64(max(pep_seq)) - toInt64(min(pep_seq)) + 1 - toInt64(uniqExact(pep_seq)) AS missing
         ${live} AND pep_seq IS NOT NULL GROUP BY pep_id, pep_boot_id
       )`,
    ),
  )

const repeated = () =>
  stat('Stored twice', 'How many rows are repeats that a merge will still remove?').withTarget(
    table(`SELECT count() - uniqExact(id) AS repeats ${live}`),
  )

const deadLettersTotal = () =>
  stat('Dead letters', 'How many records could not be used?').withTarget(
    table(
      `SELECT uniqExact(topic, partition, offset) AS records FROM dead_letters WHERE $__timeFilter_ms(ingested_at)`,
    ),
  )

const errors = () =>
  stat(
    'Undecided',
    'How many requests could not be judged and were let through or refused blindly?',
  ).withTarget(table(`SELECT uniqIf(id, outcome IN ('error_open', 'error_closed')) AS decisions ${live}`))

const gateways = () =>
  stat('Gateways', 'How many enforcement points sent decisions?').withTarget(
    table(`SELECT uniq(pep_id) AS gateways ${live}`),
  )

const delays = () =>
  lines('From decision to store', 'How long does a decision take until it can be queried?')
    .unit('ms')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, quantile(0.5)(${delay}) AS p50, quantile(0.99)(${delay}) AS p99, max(${delay}) AS max
         ${live} GROUP BY time ORDER BY time`,
      ),
    )

const rates = () =>
  lines('Decisions a second by gateway', 'Does every gateway still send, and as much as usual?')
    .unit('reqps')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, toString(pep_id) AS gateway, uniq(id) / $__interval_s AS decisions
         ${live} GROUP BY time, gateway ORDER BY time LIMIT 10000`,
      ),
    )

const latency = () =>
  lines('Time to decide', 'How long do requests wait for their decision?')
    .unit('µs')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, quantile(0.5)(latency_us) AS p50, quantile(0.99)(latency_us) AS p99
         ${live} AND latency_us IS NOT NULL GROUP BY time ORDER BY time`,
      ),
    )

const riskAge = () =>
  lines('Age of risk at the decision', 'How fresh is what the gateways know about risk when they decide?')
    .unit('ms')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, quantile(0.5)(risk_at_decision_age_ms) AS p50, quantile(0.99)(risk_at_decision_age_ms) AS p99
         ${live} AND risk_at_decision_age_ms IS NOT NULL GROUP BY time ORDER BY time`,
      ),
    )

const deadLetters = () =>
  bars('Dead letters by reason', 'What was put aside, and why?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(ingested_at) AS time, toString(reason) AS reason, uniqExact(topic, partition, offset) AS records
       FROM dead_letters WHERE $__timeFilter_ms(ingested_at) GROUP BY time, reason ORDER BY time`,
    ),
  )

const errorsByReason = () =>
  bars('Requests that could not be judged', 'What failed when the gateway could not decide?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, toString(arrayJoin(if(empty(reasons), [CAST('none', 'LowCardinality(String)')], reasons))) AS reason, uniq(id) AS decisions
       ${live} AND outcome IN ('error_open', 'error_closed') GROUP BY time, reason ORDER BY time`,
    ),
  )

const boots = () =>
  rows(
    'Gateways and their boots',
    'Is the sequence of every gateway whole? What is missing here was lost or removed.',
  ).withTarget(
    table(
      `SELECT toString(pep_id) AS gateway, toString(pep_boot_id) AS boot, toString(any(pep_version)) AS version, min(decided_at) AS first, max(decided_at) AS last,
         min(pep_seq) AS first_seq, max(pep_seq) AS last_seq, uniqExact(pep_seq) AS stored,
         toInt64(max(pep_seq)) - toInt64(min(pep_seq)) + 1 - toInt64(uniqExact(pep_seq)) AS missing
       ${live} AND pep_seq IS NOT NULL GROUP BY gateway, boot ORDER BY last DESC LIMIT 100`,
    ),
  )

const deadLetterRows = () =>
  rows('Newest dead letters', 'What do the records look like that could not be used?').withTarget(
    table(
      `SELECT ingested_at, reason, detail, source_topic, source_partition, source_offset, key, value_bytes
       FROM dead_letters WHERE $__timeFilter_ms(ingested_at) ORDER BY ingested_at DESC LIMIT 1 BY topic, partition, offset LIMIT 100`,
    ),
  )

/** Is the pipeline whole and quick? Every loss and delay shows here. */
export function pipeline(): DashboardBuilder {
  return new DashboardBuilder('Gatewatch: pipeline')
    .uid('gatewatch-pipeline')
    .description('Whether every decision arrives, once and soon, and what was put aside.')
    .tags(['gatewatch'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .links(linksFrom('gatewatch-pipeline'))
    .withVariable(tenantVariable())
    .withPanel(age())
    .withPanel(missing())
    .withPanel(repeated())
    .withPanel(deadLettersTotal())
    .withPanel(errors())
    .withPanel(gateways())
    .withRow(new RowBuilder('Speed'))
    .withPanel(delays())
    .withPanel(rates())
    .withPanel(latency())
    .withPanel(riskAge())
    .withRow(new RowBuilder('Losses'))
    .withPanel(deadLetters())
    .withPanel(errorsByReason())
    .withPanel(boots())
    .withPanel(deadLetterRows())
    .withRow(new RowBuilder('Processes (Prometheus)'))
    .withPanel(storageLag())
    .withPanel(flushSeconds())
    .withPanel(scoringRate())
    .withPanel(scoringSeconds())
    .withPanel(unrecorded())
    .withPanel(engineRestarts())
}
