import { z } from 'zod'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Line } from './series.ts'

const Sample = z.tuple([z.number(), z.string()])
const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        /** Of a range; `value` of an instant. */
        values: z.array(Sample).max(20_000).optional(),
        value: Sample.optional(),
      }),
    ),
  }),
})
const Refusal = z.object({ status: z.literal('error'), error: z.string().max(300).catch('') })

export interface RangeQuery {
  readonly expr: string
  /** Names a line by its labels: `{{stage}} p99`. */
  readonly legend: string
  readonly ref_id: string
  readonly fromMs: number
  readonly toMs: number
  readonly step_s: number
}

/** Prometheus scrapes every so often; a rate needs four scrapes to be one. */
const SCRAPE_S = 15
const TIMEOUT_S = 5

/**
 * Asks Prometheus for a range, with Grafana's `$__rate_interval`. Instants are
 * whole steps, as Grafana aligns them, so that asking again moves no point; and
 * the end of the range, since a step of thirty days' range is six hours: what
 * began since the last whole one would show nothing, and what stands in a figure would be old.
 *
 * @throws {GatewatchError} where it does not answer within five seconds
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
export async function askPrometheus(
  url: string,
  { expr, legend, ref_id, fromMs, toMs, step_s }: RangeQuery,
  signal: AbortSignal,
): Promise<Line[]> {
  const query = expr
    .replaceAll('$__rate_interval', `${Math.max(step_s + SCRAPE_S, 4 * SCRAPE_S)}s`)
    .replaceAll('$__interval', `${step_s}s`)
  const end_s = aligned(toMs, step_s)
  const newest_s = aligned(toMs, SCRAPE_S)
  const api = new URL('api/v1/', url.endsWith('/') ? url : `${url}/`)
  const timeout = `${TIMEOUT_S}s`
  const range = {
    query,
    timeout,
    start: String(aligned(fromMs, step_s)),
    end: String(end_s),
    step: String(step_s),
  }
  const answers = await Promise.all([
    ask(new URL('query_range', api), new URLSearchParams(range), signal),
    ...(newest_s > end_s
      ? [ask(new URL('query', api), new URLSearchParams({ query, timeout, time: String(newest_s) }), signal)]
      : []),
  ])
  const series = Map.groupBy(
    answers.flatMap(({ data }) => data.result),
    ({ metric }) => JSON.stringify(metric),
  )
  return [...series.values()].map((parts) => {
    const samples = parts.flatMap(({ values = [], value }) => (value === undefined ? values : [value]))
    const points = samples.flatMap(([at, text]) =>
      Number.isFinite(Number(text)) ? [[at, Number(text)] as const] : [],
    )
    return { name: nameOf(parts[0]?.metric ?? {}, legend), ref_id, points: new Map(points) }
  })
}

/** The whole steps before an instant, in seconds. */
function aligned(ms: number, step_s: number): number {
  return Math.floor(ms / 1000 / step_s) * step_s
}

async function ask(url: URL, body: URLSearchParams, signal: AbortSignal): Promise<z.infer<typeof Answer>> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_S * 1000)])
  let answer: unknown
  try {
    const response = await fetch(url, { method: 'POST', body, signal: ended })
    answer = await response.json()
  } catch (cause) {
    throw new GatewatchError(
      'ERR_UPSTREAM_UNREACHABLE',
      'Prometheus does not answer; console.prometheus_url says where it is asked.',
      { retriable: true, cause },
    )
  }
  const refused = Refusal.safeParse(answer)
  if (refused.success)
    throw new GatewatchError(
      'ERR_UPSTREAM_UNREACHABLE',
      `Prometheus refused the query: ${refused.data.error}`,
    )
  const parsed = Answer.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new GatewatchError(
    'ERR_UPSTREAM_UNREACHABLE',
    'What answers at console.prometheus_url is no Prometheus; correct the address.',
    { cause: parsed.error },
  )
}

/** By the legend; without one by its labels, as Grafana does. */
function nameOf(metric: Readonly<Record<string, string>>, legend: string): string {
  if (legend !== '' && legend !== '__auto')
    return legend.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '').trim()
  const labels = Object.entries(metric).filter(([name]) => name !== '__name__')
  return labels.length === 0
    ? (metric['__name__'] ?? 'value')
    : labels.map(([name, value]) => `${name}="${value}"`).join(', ')
}
