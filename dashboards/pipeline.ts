import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { bars, lines, stat } from './panels.ts'
import { deadLettersByReason, undecided } from './shared-panels.ts'
import { ofTenant } from './variables.ts'
import {
  canary,
  engineRestarts,
  flushSeconds,
  insertSeconds,
  lagByPartition,
  lagSeconds,
  scoringRate,
  scoringSeconds,
  spool,
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

const deadLettersTotal = () =>
  stat('Dead letters', 'How many records could not be used?').withTarget(
    table(
      `SELECT uniqExact(topic, partition, offset) AS records FROM dead_letters WHERE $__timeFilter_ms(ingested_at)`,
    ),
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

const latency = () =>
  lines('Time to decide', 'How long do requests wait for their decision?')
    .unit('µs')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, quantile(0.5)(latency_us) AS p50, quantile(0.99)(latency_us) AS p99
         ${live} AND latency_us IS NOT NULL GROUP BY time ORDER BY time`,
      ),
    )

const errorsByReason = () =>
  bars('Requests that could not be judged', 'What failed when the gateway could not decide?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, toString(arrayJoin(if(empty(reasons), [CAST('none', 'LowCardinality(String)')], reasons))) AS reason, uniq(id) AS decisions
       ${live} AND outcome IN ('error_open', 'error_closed') GROUP BY time, reason ORDER BY time`,
    ),
  )

/** Is the pipeline whole and quick? Every loss and delay shows here. */
export function pipeline(): DashboardBuilder {
  return board({
    name: 'pipeline',
    title: 'pipeline',
    description: 'Whether every decision arrives, once and soon, and what was put aside.',
    from: 'now-1h',
    refresh: '30s',
  })
    .withPanel(age())
    .withPanel(deadLettersTotal())
    .withPanel(undecided())
    .withRow(new RowBuilder('Speed'))
    .withPanel(delays())
    .withPanel(latency())
    .withRow(new RowBuilder('Losses'))
    .withPanel(deadLettersByReason())
    .withPanel(errorsByReason())
    .withRow(new RowBuilder('Processes (Prometheus)'))
    .withPanel(canary())
    .withPanel(lagSeconds())
    .withPanel(lagByPartition())
    .withPanel(spool())
    .withPanel(storageLag())
    .withPanel(insertSeconds())
    .withPanel(flushSeconds())
    .withPanel(scoringRate())
    .withPanel(scoringSeconds())
    .withPanel(unrecorded())
    .withPanel(engineRestarts())
}
