import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import type { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { table, timeSeries } from './clickhouse-query.ts'
import { alarming } from './frame.ts'
import { linkedLines, toDetector } from './links.ts'
import { bars, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { UNDECIDED } from './terms.ts'
import { ofTenant } from './variables.ts'

/** Panels that more than one dashboard shows. */

/** `condition` says which findings, where not all are meant. */
export function findingsByDetector(condition = 'true'): TimeSeriesBuilder {
  const panel = bars(
    'Findings by detector',
    'Which detector speaks, and did one fall silent or start to shout?',
  )
  return linkedLines(panel, 'detector', toDetector).withTarget(
    timeSeries(
      `SELECT $__timeInterval(first_observed_at) AS time, toString(detector_id) AS detector, count() AS findings
       FROM findings FINAL WHERE ${ofTenant} AND $__timeFilter_ms(first_observed_at) AND ${condition} GROUP BY time, detector ORDER BY time`,
    ),
  )
}

export function deadLettersByReason(): TimeSeriesBuilder {
  return bars('Dead letters by reason', 'What was put aside, and why?')
    .noValue('Nothing was put aside in this time range')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(ingested_at) AS time, toString(reason) AS reason, uniqExact(topic, partition, offset) AS records
       FROM dead_letters WHERE $__timeFilter_ms(ingested_at) GROUP BY time, reason ORDER BY time`,
      ),
    )
}

export function undecided(): StatBuilder {
  const panel = stat(
    'Undecided',
    'How many requests could not be judged and were let through or refused blindly?',
  )
  return alarming(panel, { orange: 1 }).withTarget(
    table(
      `SELECT sum(n) AS decisions ${fromRolled('decisions_by_hour')} WHERE origin = 'live' AND ${UNDECIDED}`,
    ),
  )
}
