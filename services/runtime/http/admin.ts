import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Running } from '../runtime.ts'
import { listen } from './listen.ts'
import { buildServer } from './server.ts'

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
      const why = await withinOneSecond(check)
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

/** A check that hangs is a part that hangs. */
async function withinOneSecond(check: ReadyCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer'), 1000)
  })
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    return error instanceof Error ? error.message : 'fails'
  } finally {
    clearTimeout(timer)
  }
}
