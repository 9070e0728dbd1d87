import { z } from 'zod'

/** A Grafana that `GRAFANA_URL` names, by its HTTP API and a token of a service account that may administer. */
export interface GrafanaServer {
  /** Throws with what Grafana says, where it does not answer with success. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
}

export function grafanaServer(url: string, token: string): GrafanaServer {
  return {
    async call(method, path, body) {
      const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`)
      return text === '' ? null : JSON.parse(text)
    },
  }
}

const Frame = z.object({
  schema: z.object({
    fields: z.array(z.object({ name: z.string(), type: z.string() })),
    meta: z.looseObject({ executedQueryString: z.string().optional() }).optional(),
  }),
  data: z.object({ values: z.array(z.array(z.unknown())) }),
})
const QueryAnswer = z.object({
  results: z.record(
    z.string(),
    z.looseObject({ error: z.string().optional(), frames: z.array(Frame).default([]) }),
  ),
})

/** What Grafana's server answers to queries. */
export interface GrafanaAnswer {
  /** What it says is wrong with them; nothing where all were answered. */
  readonly errors: string[]
  /** Columns of all frames, by name: Grafana's type and the values. */
  readonly columns: ReadonlyMap<string, { readonly type: string; readonly values: readonly unknown[] }>
  /** The SQL that the data source sent, with every macro expanded. */
  readonly executed: string[]
}

/** Reads what `/api/ds/query` and `/api/v1/eval` answer. */
export function readAnswer(answer: unknown): GrafanaAnswer {
  const results = Object.values(QueryAnswer.parse(answer).results)
  const frames = results.flatMap((result) => result.frames)
  return {
    errors: results.flatMap(({ error }) => error ?? []),
    columns: new Map(
      frames.flatMap(({ schema, data }) =>
        schema.fields.map(({ name, type }, i) => [name, { type, values: data.values[i] ?? [] }] as const),
      ),
    ),
    executed: frames.flatMap(({ schema }) => schema.meta?.executedQueryString ?? []),
  }
}
