import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Running } from '../runtime.ts'
import { within } from '../within.ts'
import { listen } from './listen.ts'
import { buildServer } from './server.ts'

const CHECK_WITHIN_MS = 1000

/** Whether a part can do its work now; a text says why not. */
export type ReadyCheck = () => Promise<string | null> | string | null

export interface AdminOptions {
  readonly host: string
  readonly port: number
  readonly logger: Logger
  readonly metrics: Registry
  /** By the name of the part. */
  readonly checks: ReadonlyMap<string, ReadyCheck>
  /** What people should know of a part that can do its work all the same; null: nothing. By the name of the part. */
  readonly notes?: ReadonlyMap<string, () => string | null>
}

/** A running admin server, and the port it got. */
export interface Admin extends Running {
  readonly port: number
}

/**
 * `/health/live` (this process answers), `/health/ready` (each part can work;
 * 503 with the parts that can't) and `/metrics` for Prometheus. On loopback
 * unless told otherwise, since metrics tell much and ask for no token.
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const app = buildServer({ logger: options.logger })
  app.get('/health/live', async () => ({ status: 'pass' }))
  app.get('/health/ready', async (_request, reply) => {
    const failing: Record<string, string> = {}
    for (const [name, check] of options.checks) {
      const why = await whyNot(check)
      if (why !== null) failing[name] = why
    }
    const ready = Object.keys(failing).length === 0
    const notes: Record<string, string> = {}
    for (const [name, note] of options.notes ?? []) {
      const text = note()
      if (text !== null) notes[name] = text
    }
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'pass' : 'fail',
      failing,
      ...(Object.keys(notes).length === 0 ? {} : { notes }),
    })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', options.metrics.contentType).send(await options.metrics.metrics()),
  )
  const port = await listen(app, { host: options.host, port: options.port, setting: 'admin.port' })
  return { port, stop: () => app.close() }
}

/** Why a part can't work; null when it can. A check that hangs is a part that hangs. */
async function whyNot(check: ReadyCheck): Promise<string | null> {
  const asked = async () => ({ why: await check() })
  try {
    const answer = await within(asked(), CHECK_WITHIN_MS)
    return answer === 'late' ? 'does not answer' : answer.why
  } catch (error) {
    return error instanceof Error ? error.message : 'fails'
  }
}
