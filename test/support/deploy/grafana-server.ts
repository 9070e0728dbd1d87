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

const QueryAnswer = z.object({
  results: z.record(
    z.string(),
    z.looseObject({
      status: z.number().optional(),
      error: z.string().optional(),
      frames: z.array(z.unknown()).optional(),
    }),
  ),
})

/** What `/api/ds/query` says is wrong with a panel's queries; nothing where all were answered. */
export function queryErrors(answer: unknown): string[] {
  return Object.values(QueryAnswer.parse(answer).results).flatMap(({ error }) => error ?? [])
}
