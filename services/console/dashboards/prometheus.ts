import { z } from 'zod'
import { GatewatchError } from '../../runtime/errors.ts'
import { aligned, type SeriesSet } from './series.ts'

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])).max(20_000),
      }),
    ),
  }),
})

export interface RangeQuery {
  readonly expr: string
  /** Names a line by its labels: `{{stage}} p99`. */
  readonly legend: string
  readonly fromMs: number
  readonly toMs: number
  readonly step_s: number
}

/** Prometheus scrapes every so often; a rate needs four scrapes to be one. */
const SCRAPE_S = 15

/**
 * Asks Prometheus for a range, with Grafana's `$__rate_interval`.
 *
 * @throws {GatewatchError} where it does not answer within five seconds
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
export async function askPrometheus(
  url: string,
  { expr, legend, fromMs, toMs, step_s }: RangeQuery,
): Promise<SeriesSet> {
  const query = expr.replaceAll('$__rate_interval', `${Math.max(step_s + SCRAPE_S, 4 * SCRAPE_S)}s`)
  const body = new URLSearchParams({
    query,
    start: String(fromMs / 1000),
    end: String(toMs / 1000),
    step: String(step_s),
  })
  const answer = await fetch(new URL('api/v1/query_range', url.endsWith('/') ? url : `${url}/`), {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(5000),
  })
    .then(async (response) => Answer.parse(await response.json()))
    .catch((error: unknown) => {
      throw new GatewatchError(
        'ERR_STORE_QUERY',
        'Prometheus could not answer; console.prometheus_url says where it is.',
        { retriable: true, cause: error },
      )
    })
  const lines = answer.data.result.map(({ metric, values }) => {
    const name = legend.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '').trim()
    const points = values.flatMap(([at, value]) =>
      Number.isFinite(Number(value)) ? [[at, Number(value)] as const] : [],
    )
    return [name, new Map(points)] as const
  })
  return aligned(new Map(lines))
}
