import { availableParallelism } from 'node:os'
import { mkdir } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import pino from 'pino'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { startEngine } from '../../runtime/clickhouse/start-engine.ts'
import { generate } from './dashboards/generate.ts'
import { measure, slowest, type Measured } from './dashboards/measure.ts'
import { questionsOf } from './dashboards/panels.ts'

const DECISIONS = 1_000_000
/** Rows of the table that people are shown: those that are nearest to their bound, or beyond it. */
const SHOWN = 40

/**
 * `gatewatch bench dashboards`: decisions of ninety days, generated in the
 * engine, and every query of every panel over them, at a day and at ninety days;
 * a subject's at thirty days too. Each is asked three times: first with the
 * engine's caches emptied (the operating system's can't be), then warm. The
 * figures are of the first, and so is `over_bound`, which counts those that took
 * longer than is promised: a second for a day, three for ninety, 300 ms for a
 * subject's thirty. `failed` counts queries without an answer.
 */
export async function benchDashboards({
  directory,
  scale,
  rows,
  progress,
}: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const count = rows ?? Math.ceil(DECISIONS * scale)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const engine = await startEngine({ dataDir: directory, logger: pino({ level: 'silent' }) })
  const writer = openClickHouse(engine.endpoint, { request_timeout_ms: 600_000 })
  const reader = openClickHouse(engine.endpoint, { readonly: true })
  try {
    await migrate(writer)
    const made = await generate(writer, {
      rows: count,
      nowMs: Date.now(),
      progress: (...told) => progress?.(...told),
    })
    const questions = await questionsOf(writer, made.endS)
    const measured: Measured[] = []
    for (const question of questions) {
      measured.push(await measure(writer, reader, question))
      progress?.('asking', 'queries', measured.length, questions.length)
    }
    const subject = measured.filter(({ dashboard }) => dashboard === 'gatewatch-subject')
    return {
      name: 'dashboards',
      figures: {
        rows: count,
        panel_24h_max_ms: Math.round(slowest(measured, '24h')),
        panel_90d_max_ms: Math.round(slowest(measured, '90d')),
        subject_max_ms: Math.round(slowest(subject, '30d')),
        bytes_per_decision: Math.round((await bytesOf(writer)) * 10) / 10,
        generated_rows_per_second: made.seconds === 0 ? 0 : Math.round(made.rows / made.seconds),
        queries: measured.length,
        over_bound: measured.filter(({ cold_ms, bound_ms }) => cold_ms > bound_ms).length,
        failed: measured.filter(({ failure }) => failure !== undefined).length,
      },
      details: detailsOf(measured),
      cores: availableParallelism(),
      seconds: Math.round(performance.now() - began) / 1000,
    }
  } finally {
    progress?.('asking', 'queries', 1, 1)
    await writer.close()
    await reader.close()
    await engine.stop()
  }
}

/** On disk, all that is made of decisions included, once small parts are merged. */
async function bytesOf(client: ClickHouseClient): Promise<number> {
  const result = await client.query({
    query: `SELECT sumIf(bytes_on_disk, table IN ('decisions', 'decision_days') OR match(table, '_by_(hour|day)$')) / greatest(sumIf(rows, table = 'decisions'), 1) AS bytes
      FROM system.parts WHERE active AND database = currentDatabase()`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ bytes: number }>()
  return row?.bytes ?? 0
}

function detailsOf(measured: readonly Measured[]): NonNullable<BenchResult['details']> {
  const number = (value: number) => Math.round(value).toLocaleString('en')
  return {
    head: ['panel', 'range', 'about', 'cold ms', 'warm ms', 'bound ms', 'rows to read', ''],
    rows: measured
      .toSorted((a, b) => b.cold_ms / b.bound_ms - a.cold_ms / a.bound_ms)
      .slice(0, SHOWN)
      .map(({ dashboard, panel, range, about, cold_ms, warm_ms, bound_ms, read_rows, failure }) => [
        `${dashboard.slice('gatewatch-'.length)}: ${panel}`,
        range,
        about,
        number(cold_ms),
        number(warm_ms),
        number(bound_ms),
        number(read_rows),
        failure ?? '',
      ]),
  }
}
