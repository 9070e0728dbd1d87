import { AxisPlacement, GraphDrawStyle, LineInterpolation } from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { timeSeries } from './clickhouse-query.ts'
import { bars } from './panels.ts'
import { findings, risk, staysOverTime, verdicts } from './subject-terms.ts'

/** How high a finding stands on the axis of risk: in the middle of its level. Verdicts stand on top. */
const HEIGHT = `multiIf(risk_level = 'HIGH', 90, risk_level = 'MEDIUM', 60, 20)`

/**
 * Decisions, risk, findings and verdicts on one axis of time. All fall into the
 * same intervals, since a bar is as wide as the shortest distance on the axis.
 * Every query names its lines in the column `what`.
 */
export function timeline(): PanelBuilder {
  return bars(
    'Timeline',
    'What did it do, when did its risk rise, what was found, and what was said about it? Bars are decisions; risk, findings at the height of their level, and verdicts on top are of 100.',
  )
    .height(12)
    .span(24)
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, toString(outcome) AS what, sum(n) AS decisions
         ${staysOverTime} GROUP BY time, what ORDER BY time LIMIT 10000`,
        'decisions',
      ),
    )
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(updated_at) AS time, 'risk' AS what, max(score) AS height
         ${risk} GROUP BY time ORDER BY time LIMIT 10000`,
        'risk',
      ),
    )
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(observed_at) AS time, concat('finding ', toString(risk_level)) AS what, any(${HEIGHT}) AS height
         ${findings} GROUP BY time, what ORDER BY time LIMIT 10000`,
        'findings',
      ),
    )
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, concat('verdict ', toString(verdict)) AS what, 100 AS height
         ${verdicts} GROUP BY time, what ORDER BY time LIMIT 10000`,
        'verdicts',
      ),
    )
    .overrideByQuery('decisions', named)
    .overrideByQuery('risk', [
      ...named,
      ...ofAHundred,
      { id: 'custom.drawStyle', value: GraphDrawStyle.Line },
      { id: 'custom.lineInterpolation', value: LineInterpolation.StepAfter },
      { id: 'custom.lineWidth', value: 2 },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.spanNulls', value: true },
      { id: 'color', value: { mode: 'fixed', fixedColor: 'dark-purple' } },
    ])
    .overrideByQuery('findings', [...named, ...ofAHundred, ...points])
    .overrideByQuery('verdicts', [...named, ...ofAHundred, ...points])
}

const named: DynamicConfigValue[] = [{ id: 'displayName', value: '${__field.labels.what}' }]

const ofAHundred: DynamicConfigValue[] = [
  { id: 'custom.axisPlacement', value: AxisPlacement.Right },
  { id: 'custom.axisLabel', value: 'risk, of 100' },
  { id: 'custom.stacking', value: { mode: 'none' } },
  { id: 'min', value: 0 },
  { id: 'max', value: 100 },
]

const points: DynamicConfigValue[] = [
  { id: 'custom.drawStyle', value: GraphDrawStyle.Points },
  { id: 'custom.pointSize', value: 11 },
]
