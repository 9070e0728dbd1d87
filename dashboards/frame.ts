import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import { clickhouse } from './clickhouse-query.ts'

/** What every kind of panel can be told. */
interface Frame {
  title(title: string): this
  description(description: string): this
  datasource(datasource: DataSourceRef): this
  noValue(noValue: string): this
  transparent(transparent: boolean): this
  thresholds(thresholds: ThresholdsConfigBuilder): this
}

/** What all panels have in common: a question, a frame around it, words where nothing is, and no colour that alarms. */
export function framed<P extends Frame>(panel: P, title: string, question: string): P {
  return panel
    .title(title)
    .description(question)
    .datasource(clickhouse)
    .transparent(false)
    .noValue('Nothing in this time range')
    .thresholds(steps([]))
}

/** Coloured from `orange` on, and again from `red` on: a figure that should be low. Grafana's own default is red from 80 on. */
export function alarming<P extends Frame>(panel: P, { orange, red }: { orange?: number; red?: number }): P {
  return panel.thresholds(
    steps([
      ...(orange === undefined ? [] : [{ value: orange, color: 'orange' }]),
      ...(red === undefined ? [] : [{ value: red, color: 'red' }]),
    ]),
  )
}

function steps(from: readonly { value: number; color: string }[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'text' }, ...from])
}
