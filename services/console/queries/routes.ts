import type { ClickHouseClient } from '@clickhouse/client'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { GatewatchError } from '../../runtime/errors.ts'
import { holderOf } from '../../runtime/http/authenticate.ts'
import { notFound } from '../refuse.ts'
import { csvOf } from './csv.ts'
import { readQueries } from './read-queries.ts'
import { runQuery, valuesFor } from './run-query.ts'

const Asked = z.record(z.string().max(64), z.string().max(1000))
const FORMATS: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
}

export interface QuerySources {
  readonly client: ClickHouseClient
  readonly dataDir: string
  readonly query_timeout_s: number
}

/** Saved queries: the list, an answer, and an answer as a file, which the log tells of. */
export function queryRoutes(app: FastifyInstance, { client, dataDir, query_timeout_s }: QuerySources): void {
  app.get('/api/v1/queries', async () => {
    const { queries, problems } = await readQueries(dataDir)
    return { queries: [...queries.values()], problems: problems.map(({ problem }) => problem) }
  })

  app.get<{ Params: { name: string; format: string } }>(
    '/api/v1/queries/:name/:format',
    async (request, reply) => {
      const { name, format } = request.params
      const query = (await readQueries(dataDir)).queries.get(name)
      const type = FORMATS[format]
      if (query === undefined || (type === undefined && format !== 'rows'))
        return notFound(reply, 'There is no such query.')
      const given = Asked.safeParse(request.query)
      if (!given.success)
        return reply.code(400).send({ code: 'ERR_QUERY', message: 'Give each parameter once.' })
      const gone = new AbortController()
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort()
      })
      try {
        const values = valuesFor(query, given.data, Date.now())
        const answer = await runQuery(client, query, values, { query_timeout_s, signal: gone.signal })
        if (type === undefined) return answer
        request.log.info(
          {
            event: 'export',
            what: 'query',
            by: holderOf(request)?.name,
            query: name,
            format,
            rows: answer.rows.length,
          },
          'the answer to a query was taken',
        )
        void reply.type(type).header('content-disposition', `attachment; filename="${query.name}.${format}"`)
        return await reply.send(format === 'csv' ? csvOf(answer) : JSON.stringify(answer))
      } catch (error) {
        // What the person wrote, or what the operator's own SQL says: theirs to correct.
        if (
          error instanceof GatewatchError &&
          (error.code === 'ERR_USAGE' || error.code === 'ERR_STORE_QUERY')
        )
          return reply.code(400).send({ code: error.code, message: error.message })
        throw error
      }
    },
  )
}
