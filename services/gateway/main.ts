import { join } from 'node:path'
import { deviceInventory, riskState } from '../../schemas/topics.ts'
import { CheckpointsConfig } from '../runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../runtime/checkpoints/signer.ts'
import { closeServer } from '../runtime/http/close-server.ts'
import { listen } from '../runtime/http/listen.ts'
import { readTls } from '../runtime/http/tls.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import { openSecret } from '../runtime/secrets.ts'
import type { Tokens } from '../runtime/tokens.ts'
import { networkMatcher } from './address.ts'
import { startCanary } from './canary.ts'
import type { GatewayConfig } from './config.ts'
import { startDecisionPoint } from './decision-point/server.ts'
import { deviceIdentifier } from './devices.ts'
import { enforcer } from './enforce.ts'
import { startHeartbeat } from './heartbeat.ts'
import { bearerVerifier } from './identity/bearer.ts'
import { identifier } from './identity/identify.ts'
import { openLogouts } from './identity/logouts.ts'
import { openProvider } from './identity/provider.ts'
import { sealer, sessionCookies } from './identity/session-cookie.ts'
import { gatewayPages } from './identity/pages.ts'
import { fromLog } from './log-at-start.ts'
import { gatewayMetrics, rulingObserver } from './metrics.ts'
import { openPolicyFile } from './policy-file.ts'
import { openPolicyRevisions } from './policy-revisions.ts'
import { recordMalformed } from './proxy/malformed.ts'
import { buildProxy } from './proxy/server.ts'
import { acceptUpgrades } from './proxy/upgrade.ts'
import { watchLive } from './proxy/watch-live.ts'
import { startRecording } from './recording.ts'
import { secondsOf, startRiskAge } from './risk/risk-age.ts'
import { askRisk } from './risk/risk-view.ts'

const VERSION = '0.1.0'

export interface GatewayExtras {
  readonly tokens: Tokens
  /** Default `default`. */
  readonly tenant?: string
  /** Default: the defaults of the configuration. */
  readonly checkpoints?: CheckpointsConfig
  /** The event log is reached over the network. Default false. */
  readonly remote_log?: boolean
}

export interface RunningGateway extends Running {
  /** Ports that were bound, for configurations that ask for any free one. */
  readonly proxy_port: number
  readonly decision_port: number
  /** What people should know though the gateway works: how many decisions wait for the log. Null: nothing. */
  note(): string | null
}

/**
 * Starts the gateway: the access proxy (PEP) and the decision point (PDP) in
 * one process. What can be wrong with the configuration is found before
 * anything listens.
 */
export async function startGateway(
  runtime: Runtime,
  config: GatewayConfig,
  {
    tokens,
    tenant = 'default',
    checkpoints = CheckpointsConfig.parse(undefined),
    remote_log = false,
  }: GatewayExtras,
): Promise<RunningGateway> {
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'gateway' })
  const now = Date.now
  const stops: (() => Promise<void> | void)[] = []
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const metrics = gatewayMetrics(runtime.metrics)
    const revisions = await fromLog(
      openPolicyRevisions({ eventLog, logger, tenant, pep_id: config.pep_id, now }),
    )
    stops.push(() => revisions.stop())
    let policyChanged = (): void => {}
    const policy = await openPolicyFile(config.policy_file, logger, (changed) => {
      void revisions.inForce(changed)
      policyChanged()
    })
    stops.push(() => policy.stop())
    await revisions.inForce(policy.current())
    const proxyTls = await readTls(config.listen.tls, 'gateway.listen.tls')
    const decisionTls = await readTls(config.decision_point.tls, 'gateway.decision_point.tls')
    const provider = config.oidc === undefined ? null : await openProvider(config.oidc, logger)

    const risk = await fromLog(eventLog.openTable(riskState))
    stops.push(() => risk.close())
    await fromLog(risk.caughtUp())
    const inventory = await fromLog(eventLog.openTable(deviceInventory))
    stops.push(() => inventory.close())
    await fromLog(inventory.caughtUp())
    const pep = { id: config.pep_id, kind: 'gatewatch', version: VERSION }
    const signer = await openCheckpointSigner(runtime.dataDir, checkpoints, now())
    const recording = await startRecording(runtime, {
      pep,
      tenant,
      queue: config.limits.queue,
      spool: config.spool,
      remote_log,
      metrics,
      signer,
      now,
    })
    stops.push(() => recording.stop())
    const { recorder } = recording
    const riskAge = startRiskAge({
      eventLog,
      table: risk,
      now,
      allLogged: () => recording.allLogged(),
      failed: (error) => logger.warn({ err: error }, 'the age of risk could not be measured'),
    })
    stops.push(() => riskAge.stop())

    const live = watchLive({
      tenant,
      risk,
      recorder,
      metrics,
      logger,
      now,
      rejudge_ms: config.limits.rejudge,
    })
    stops.push(() => live.stop())
    policyChanged = () => live.policyChanged()
    const { connections } = live
    const deviceSecret = await openSecret(runtime.dataDir, 'gateway-device')
    const deviceCookies = sealer(deviceSecret, 'gatewatch-device')
    const devices = deviceIdentifier({
      tenant,
      inventory,
      cookies: deviceCookies,
      stale_after_ms: config.device.stale_after,
    })
    stops.push(devices.stop)
    const sessionSecret = await openSecret(runtime.dataDir, 'gateway-session')
    const sessions = sessionCookies(sessionSecret)
    const logouts = await openLogouts({
      eventLog,
      logger,
      tenant,
      path: join(runtime.dataDir, 'gateway', 'logouts'),
      now,
      ended: live.sessionEnded,
    })
    stops.push(() => logouts.close())

    const decideOptions = {
      tenant,
      askRisk: (question: Parameters<typeof askRisk>[1], at: number) =>
        askRisk((key) => risk.get(key), question, at, riskAge.age_ms()),
      previousPolicy: revisions.previous,
    }
    const enforce = enforcer({
      ...decideOptions,
      policy: policy.current,
      identify: identifier({
        sessions,
        isLoggedOut: logouts.has,
        bearer: provider === null ? null : bearerVerifier(provider.bearer),
      }),
      identifyDevice: devices.identifyDevice,
      recorder,
      now,
      record_timeout_ms: config.limits.record_timeout,
      can_sign_in: provider !== null,
      observe: rulingObserver(metrics),
    })
    const trusted = networkMatcher(config.trusted_proxies)
    const pages = gatewayPages({
      provider,
      sessions,
      logins: sealer(sessionSecret, 'gatewatch-login'),
      devices: deviceCookies,
      enrolments: sealer(deviceSecret, 'gatewatch-enrolment'),
      logouts,
      policy: policy.current,
      session: config.session,
      scopes: config.oidc?.scopes ?? [],
      claims: config.oidc ?? { subject_claim: 'sub', groups_claim: 'groups', roles_claim: 'roles' },
      logger,
      now,
      counted: (result) => metrics.logins.inc({ result }),
    })
    const proxyOptions = {
      logger,
      tls: proxyTls === null ? null : { ...proxyTls, rejectUnauthorized: false },
      enforce,
      connections,
      trusted,
      reserved: pages.answer,
      signIn: pages.begin,
      answerOptions: (facts: Parameters<typeof pages.pathOf>[0]) => ({
        console_url: config.console_url,
        contact: policy.current().document.contact ?? null,
        sign_in: provider === null ? null : pages.pathOf(facts),
      }),
      now,
      limits: config.limits,
      upstreamAnswered: (status: string) => metrics.upstream.inc({ status }),
      malformed: recordMalformed({ recorder, tenant, policy: policy.current, now }),
    }
    const proxy = buildProxy(proxyOptions)
    acceptUpgrades(proxy.server, proxyOptions)
    stops.push(() => closeServer(proxy, () => connections.cutAll()))
    const decisionPoint = await startDecisionPoint({
      ...decideOptions,
      logger,
      tls: decisionTls,
      tokens,
      policy: policy.current,
      recorder,
      deviceById: devices.byId,
      stale_after_ms: config.device.stale_after,
      record_timeout_ms: config.limits.record_timeout,
      now,
      listen: config.decision_point,
      url: config.decision_point_url,
      decided: (outcome) => metrics.decisions.inc({ outcome }),
    })
    stops.push(() => decisionPoint.stop())
    const proxy_port = await listen(proxy, { ...config.listen, setting: 'gateway.listen.port' })

    const canary = startCanary({
      recorder,
      metrics: runtime.metrics,
      pep_id: pep.id,
      every_ms: config.canary_every,
      now,
    })
    stops.push(() => canary.stop())
    const gauges = setInterval(() => {
      metrics.live.set(connections.size)
      metrics.riskAge.set(secondsOf(riskAge.age_ms()))
    }, 1000)
    gauges.unref()
    stops.push(() => clearInterval(gauges))
    const heartbeat = startHeartbeat({
      eventLog,
      logger,
      tenant,
      pep_id: pep.id,
      boot_id: recorder.boot_id,
      seq: () => recording.loggedHead()?.seq ?? -1,
      policy_revision: () => policy.current().revision,
      risk_age_ms: riskAge.age_ms,
      now,
    })
    stops.push(() => heartbeat.stop())
    logger.info(
      { proxy_port, decision_port: decisionPoint.port, policy_revision: policy.current().revision },
      'gateway started',
    )
    return { proxy_port, decision_port: decisionPoint.port, note: () => recording.note(), stop: stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}
