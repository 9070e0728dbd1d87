import type { Config } from '../../config.ts'
import type { Store } from '../../runtime/clickhouse/open-store.ts'
import type { ReadyCheck } from '../../runtime/http/admin.ts'
import type { Lifecycle } from '../../runtime/lifecycle.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { openTokens } from '../../runtime/tokens.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import type { Role } from './role.ts'

/** Where the started roles are to be reached. */
export interface StartedRoles {
  readonly tokens: Tokens
  readonly admin_port: number
  readonly gateway_port: number | null
  readonly decision_port: number | null
  readonly feedback_port: number | null
  readonly store_port: number | null
  /** Resolves when scoring has handled everything that was in the log at the call. */
  scored(): Promise<void>
}

export interface StartOptions {
  readonly runtime: Runtime
  readonly lifecycle: Lifecycle
  readonly roles: readonly Role[]
  readonly config: Config
  /** Told when a part is up, with the time it took. */
  readonly started: (part: string, ms: number) => void
}

/**
 * Starts roles in one process, in the order of the data's way backwards: who
 * reads comes before who writes, so nothing waits unread. Each is stopped in
 * the reverse order by the lifecycle.
 */
export async function startRoles({
  runtime,
  lifecycle,
  roles,
  config,
  started,
}: StartOptions): Promise<StartedRoles> {
  const { tenant } = config
  // A killed owner of what only one may do is taken for alive until its session is over.
  const takeoverMs = config.kafka === undefined ? 0 : 3 * config.kafka.session_timeout
  const tokens = await openTokens(runtime.dataDir)
  // Not ready before everything is up: a rolling upgrade goes on when this process can do its work.
  const checks = new Map<string, ReadyCheck>([['start', () => 'is starting']])
  const notes = new Map<string, () => string | null>()
  const has = (role: Role): boolean => roles.includes(role)
  const timed = async <T>(part: string, start: () => Promise<T>): Promise<T> => {
    const begin = performance.now()
    const value = await start()
    started(part, performance.now() - begin)
    return value
  }
  // What listens is checked first: a port that is taken is said before anything else was started.
  const { startAdmin } = await import('../../runtime/http/admin.ts')
  const admin = await lifecycle.start('admin', () =>
    startAdmin({ ...config.admin, logger: runtime.logger, metrics: runtime.metrics, checks, notes }),
  )

  let store: Store | null = null
  if (has('storage') || has('feedback') || has('verify')) {
    const [{ openStore }, { storeTrouble }] = await Promise.all([
      import('../../runtime/clickhouse/open-store.ts'),
      import('./store-trouble.ts'),
    ])
    const { dataDir, logger, metrics } = runtime
    const settings = {
      dataDir,
      settings: config.clickhouse,
      logger: logger.child({ service: 'engine' }),
      metrics,
    }
    const opened = await timed('store', () => lifecycle.start('store', () => openStore(settings)))
    store = opened
    // Feedback alone is ready without a store: verdicts, the risk feed and alerts never wait for one.
    if (has('storage')) checks.set('store', () => storeTrouble(opened.endpoint))
  }
  if (has('storage') && store) {
    const { endpoint } = store
    const { startStorage } = await import('../../storage/main.ts')
    await timed('storage', () =>
      lifecycle.start('storage', () => startStorage(runtime, config.storage, { endpoint })),
    )
  }
  if (has('storage') && store) {
    const { endpoint } = store
    const { startCanaryWatch } = await import('../../canary/main.ts')
    await lifecycle.start('canary', () => startCanaryWatch(runtime, { endpoint }))
  }
  let feedback_port: number | null = null
  if (has('feedback') && store) {
    const { endpoint } = store
    const [{ openConsole }, { startFeedback }, { checkpointDirectory }, { erasureSecret }] =
      await Promise.all([
        import('../../console/main.ts'),
        import('../../feedback/main.ts'),
        import('../../runtime/checkpoints/signer.ts'),
        import('../../runtime/erasures/secret.ts'),
      ])
    const page = await lifecycle.start('console', () =>
      openConsole(runtime, config.console, {
        clickhouse: endpoint,
        tokens,
        checkpoint_paths: [
          checkpointDirectory(runtime.dataDir, config.checkpoints),
          ...config.verify.checkpoint_files,
        ],
        erasure_key: () => erasureSecret(runtime.dataDir, config.erasure),
      }),
    )
    const feedback = await timed('feedback', () =>
      lifecycle.start('feedback', () =>
        startFeedback(runtime, config.feedback, {
          tokens,
          tenant,
          plugins: [page.plugin],
          takeover_ms: takeoverMs,
        }),
      ),
    )
    feedback_port = feedback.port
  }
  if (has('verify') && store) {
    const { endpoint } = store
    const [{ startVerify }, { checkpointDirectory }, { decisionsKeptMs }] = await Promise.all([
      import('../../verify/main.ts'),
      import('../../runtime/checkpoints/signer.ts'),
      import('../../storage/retention/config.ts'),
    ])
    await timed('verify', () =>
      lifecycle.start('verify', () =>
        startVerify(runtime, config.verify, {
          endpoint,
          tenant,
          checkpoint_paths: [
            checkpointDirectory(runtime.dataDir, config.checkpoints),
            ...config.verify.checkpoint_files,
          ],
          retention_ms: decisionsKeptMs(config.storage.retention),
          pin_first: config.kafka !== undefined,
        }),
      ),
    )
  }
  if (has('calibration')) {
    const { startCalibration } = await import('../../scoring/main.ts')
    await timed('calibration', () =>
      lifecycle.start('calibration', () =>
        startCalibration(runtime, config.scoring, { takeover_ms: takeoverMs }),
      ),
    )
  }
  let scored = async (): Promise<void> => {}
  if (has('scoring')) {
    const { startScoring } = await import('../../scoring/main.ts')
    const scoring = await timed('scoring', () =>
      lifecycle.start('scoring', () => startScoring(runtime, config.scoring, { tenant })),
    )
    scored = () => scoring.drained()
    notes.set('rules', () => scoring.note())
  }
  if (has('collector')) {
    const { startCollector } = await import('../../collector/live/main.ts')
    const collector = await timed('collector', () =>
      lifecycle.start('collector', () =>
        startCollector(runtime, config.collector, { tokens, tenant, checkpoints: config.checkpoints }),
      ),
    )
    notes.set('sources', () => collector.note())
  }
  let gateway_port: number | null = null
  let decision_port: number | null = null
  if (has('gateway')) {
    const { startGateway } = await import('../../gateway/main.ts')
    const gateway = await timed('gateway', () =>
      lifecycle.start('gateway', () =>
        startGateway(runtime, config.gateway, {
          tokens,
          tenant,
          checkpoints: config.checkpoints,
          remote_log: config.kafka !== undefined,
        }),
      ),
    )
    notes.set('spool', () => gateway.note())
    gateway_port = gateway.proxy_port
    decision_port = gateway.decision_port
  }
  checks.delete('start')
  return {
    tokens,
    admin_port: admin.port,
    gateway_port,
    decision_port,
    feedback_port,
    store_port: store?.port ?? null,
    scored,
  }
}
