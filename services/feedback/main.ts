import type { FastifyPluginAsync } from 'fastify'
import { listen } from '../runtime/http/listen.ts'
import { readTls } from '../runtime/http/tls.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import type { Tokens } from '../runtime/tokens.ts'
import { soleMember } from '../runtime/log/sole-member.ts'
import { startDispatcher } from './alerts/dispatcher.ts'
import { openOutbox } from './alerts/outbox.ts'
import { receiversOf } from './alerts/receivers.ts'
import { buildFeedbackServer } from './api/server.ts'
import { openViews } from './api/views.ts'
import type { FeedbackConfig } from './config.ts'
import { startHub } from './feed/hub.ts'
import { feedbackMetrics } from './metrics.ts'
import { parametersOf } from './parameters-of.ts'
import { watchSilence } from './silence/watch-silence.ts'
import { openBreakGlassList } from './usage/break-glass-list.ts'
import { openCensus } from './usage/census.ts'
import { startUsage } from './usage/usage.ts'
import { startWorker } from './worker/worker.ts'

export interface FeedbackExtras {
  readonly tokens: Tokens
  /** Mounted on the same server: the console. */
  readonly plugins?: readonly FastifyPluginAsync[]
  /** The tenant of requests that name none. */
  readonly tenant?: string
  readonly now?: () => number
  /** How long to wait for a predecessor that may have been killed, ms. Default 0: a log on this machine knows. */
  readonly takeover_ms?: number
}

export interface RunningFeedback extends Running {
  /** The port it listens on. */
  readonly port: number
}

/**
 * Starts the feedback role: the ledger, the risk feed and its API, and alerts.
 * One process at an event log may run it, since one ledger must see all
 * findings: joining stories and the circuit breaker need the whole.
 */
export async function startFeedback(
  runtime: Runtime,
  config: FeedbackConfig,
  extras: FeedbackExtras,
): Promise<RunningFeedback> {
  const { eventLog } = runtime
  const { tokens, plugins = [], tenant = 'default', now = Date.now, takeover_ms = 0 } = extras
  const logger = runtime.logger.child({ service: 'feedback' })
  await soleMember(eventLog, 'feedback', takeover_ms)
  const metrics = feedbackMetrics(runtime.metrics)
  const parameters = parametersOf(config)
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (let one = stops.pop(); one; one = stops.pop()) await one()
  }
  try {
    const breakGlass = await openBreakGlassList(eventLog, config.break_glass)
    stops.push(() => breakGlass.close())
    const census = await openCensus(eventLog)
    stops.push(() => census.close())
    const usage = await startUsage({
      eventLog,
      census,
      breakGlass,
      failed: (error) => logger.warn({ err: error }, 'a batch of decisions failed and is tried again'),
    })
    stops.push(() => usage.stop())
    const worker = await startWorker({
      eventLog,
      logger,
      metrics,
      breaker: config.circuit_breaker,
      rules: {
        parameters,
        stories: {
          join_gap_ms: config.stories.join_gap,
          quiet_ms: config.stories.quiet,
          max_age_ms: config.stories.max_age,
          max_open: config.stories.max_open,
        },
        page: { level: config.alerts.level, act_on_import: config.act_on_import },
        max_entities: config.max_entities,
        knownSubjects: (of) => census.count(of),
        isBreakGlass: (of, subject) => breakGlass.has(of, subject),
      },
      now,
    })
    stops.push(() => worker.stop())
    const silence = await watchSilence({
      eventLog,
      logger,
      registry: runtime.metrics,
      now,
      leads: () => worker.leads(),
    })
    stops.push(() => silence.close())
    const receivers = await receiversOf(config.alerts, now)
    const outbox = await openOutbox(eventLog)
    stops.push(() => outbox.close())
    const dispatcher = startDispatcher({
      outbox,
      receivers,
      logger,
      metrics,
      now,
      leads: () => worker.leads(),
    })
    stops.push(() => dispatcher.stop())
    const hub = await startHub(eventLog, logger)
    stops.push(() => hub.stop())
    const views = await openViews(eventLog)
    stops.push(() => views.close())
    const tls = config.tls ? await readTls(config.tls, 'feedback.tls') : null
    const app = await buildFeedbackServer({
      config,
      tls,
      logger,
      eventLog,
      tokens,
      tenant,
      parameters,
      metrics,
      hub,
      views,
      plugins,
      now,
    })
    stops.push(() => app.close())
    const port = await listen(app, { host: config.host, port: config.port, setting: 'feedback.port' })
    logger.info({ port }, 'feedback started')
    return { port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
