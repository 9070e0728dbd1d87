import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { bars, lines, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { ESTIMATED, fromSpeeds } from './rolled-figures.ts'
import { deadLettersByReason, undecided } from './shared-panels.ts'
import {
  alertDeliveries,
  canary,
  collected,
  collectorLag,
  engineRestarts,
  flushSeconds,
  insertSeconds,
  lagByPartition,
  lagSeconds,
  scoringRate,
  scoringSeconds,
  spool,
  spoolWaiting,
  storageLag,
  storeAway,
  unrecorded,
} from './workers.ts'

/** Live decisions only: imported history says nothing about how quick and whole the pipeline is. */
const live = `${fromRolled('decisions_by_hour')} WHERE origin = 'live'`
const overTime = `${fromRolled('decisions_by_hour', { overTime: true })} WHERE origin = 'live'`
const MEDIAN_AND_P99 = 'quantilesTDigestMerge(0.5, 0.99)'

const age = () =>
  alarming(stat('Newest decision', 'How old is the newest decision in the store?'), { orange: 60, red: 600 })
    .unit('s')
    .noValue('There is none')
    .withTarget(
      table(`SELECT if(count() = 0, NULL, date_diff('second', max(last_at), now())) AS age ${live}`),
    )

const deadLettersTotal = () =>
  alarming(stat('Dead letters', 'How many records could not be used?'), { orange: 1 }).withTarget(
    table(
      `SELECT uniqExact(topic, partition, offset) AS records FROM dead_letters WHERE $__timeFilter_ms(ingested_at)`,
    ),
  )

const delays = () =>
  lines('From decision to store', `How long does a decision take until it can be queried? ${ESTIMATED}`)
    .unit('ms')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, ${MEDIAN_AND_P99}(delay_set)[1] AS p50, ${MEDIAN_AND_P99}(delay_set)[2] AS p99, max(delay_max) AS max
         ${fromSpeeds({ overTime: true })} GROUP BY time ORDER BY time`,
      ),
    )

const latency = () =>
  lines('Time to decide', `How long do requests wait for their decision? ${ESTIMATED}`)
    .unit('µs')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, ${MEDIAN_AND_P99}(latency_set)[1] AS p50, ${MEDIAN_AND_P99}(latency_set)[2] AS p99
         ${fromSpeeds({ overTime: true })} GROUP BY time HAVING isFinite(p50) ORDER BY time`,
      ),
    )

const errorsByReason = () =>
  bars('Requests that could not be judged', 'What failed when the gateway could not decide?')
    .noValue('Every request was judged in this time range')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, toString(arrayJoin(if(empty(reasons), [CAST('none', 'LowCardinality(String)')], reasons))) AS reason, sum(n) AS decisions
       ${overTime} AND outcome IN ('error_open', 'error_closed') GROUP BY time, reason ORDER BY time`,
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
    .withPanel(spoolWaiting())
    .withPanel(storageLag())
    .withPanel(storeAway())
    .withPanel(insertSeconds())
    .withPanel(flushSeconds())
    .withPanel(scoringRate())
    .withPanel(scoringSeconds())
    .withPanel(unrecorded())
    .withPanel(engineRestarts())
    .withPanel(collectorLag())
    .withPanel(collected())
    .withPanel(alertDeliveries())
}
