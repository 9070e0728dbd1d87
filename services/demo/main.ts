import { join } from 'node:path'
import type { CheckpointsConfig } from '../runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import { openSecret } from '../runtime/secrets.ts'
import type { Tokens } from '../runtime/tokens.ts'
import { startApps } from './apps/start-apps.ts'
import { loopbackDispatcher } from './browser/loopback.ts'
import type { DemoConfig } from './config.ts'
import { createFleet } from './devices/fleet.ts'
import { history } from './history/history.ts'
import { leavers } from './history/leavers.ts'
import { nightShift } from './history/night-shift.ts'
import { inOrder, pastAttacks } from './history/past-attacks.ts'
import { seedHistory, type SeedTools } from './history/seed-history.ts'
import { startObserver } from './narrator/observer.ts'
import type { Terminal } from './narrator/terminal.ts'
import { labelled } from './narrator/wording.ts'
import { startOldProxy } from './old-proxy/old-proxy.ts'
import { startPager } from './pager/pager.ts'
import { makePeople } from './people/make-people.ts'
import { compileRoutes } from './people/routes.ts'
import { createAccounts } from './provider/accounts.ts'
import { openDemoChain } from './chain/chain.ts'
import { createSignInRecorder, PROVIDER_PEP } from './provider/sign-in-recorder.ts'
import { startProvider } from './provider/start-provider.ts'
import { seededRandom } from './random.ts'
import { startDirector } from './stories/director.ts'
import { startTraffic } from './traffic/traffic.ts'
import { createWorker } from './traffic/worker.ts'
import { EMERGENCY } from './stories/break-glass.ts'
import { layRules, openPolicyDesk, writeNetworks } from './world-files.ts'

const CLIENT_ID = 'gatewatch-gateway'
const CLIENT_SECRET = 'demo-gateway-client'
const GUEST = 'guest'
const DAY_MS = 86_400_000
const AUDIENCE = 'urn:gatewatch:demo'

export interface DemoExtras {
  readonly tenant: string
  readonly checkpoints: CheckpointsConfig
  /** The gateway's port; it is part of the provider's redirect URIs, so it must be known beforehand. */
  readonly gateway_port: number
}

export interface HistoryTools extends Pick<SeedTools, 'scored'> {
  /** Told how many days are written, of how many. */
  readonly progress: (done: number, all: number) => void
}

/** The world around the gateway, and what the roles must be told about it. */
export interface Demo extends Running {
  readonly issuer: string
  readonly client_id: string
  readonly client_secret_file: string
  readonly audience: string
  readonly policy_file: string
  readonly networks_file: string
  readonly rules_directory: string
  /** The access log of a proxy of another make, for the collector. */
  readonly access_log_file: string
  /** Where alerts go. */
  readonly pager: { readonly url: string; readonly secret_file: string }
  readonly guest: { readonly account: string; readonly password: string }
  readonly app_urls: readonly string[]
  /** Writes the habits of the days before into a fresh data directory, for the roles that run; resolves to how many decisions that were. */
  seed(tools: HistoryTools): Promise<number>
  /** Lets the people work and the attacks begin; to be called when everything runs. */
  begin(tools: {
    readonly terminal: Terminal
    readonly console_url: string
    readonly tokens: Tokens
  }): Promise<Running>
}

/** Opens the demo's world: identity provider, applications, policy and networks. Nobody acts in it yet. */
export async function openDemo(
  runtime: Runtime,
  config: DemoConfig,
  { tenant, gateway_port, checkpoints }: DemoExtras,
): Promise<Demo> {
  const { dataDir, eventLog } = runtime
  const logger = runtime.logger.child({ service: 'demo' })
  const people = makePeople()
  const guest = { id: GUEST, groups: ['staff', 'engineering'] }
  const emergency = { id: EMERGENCY, groups: ['staff', 'operations'] }
  const accounts = createAccounts([...people, guest, emergency], await openSecret(dataDir, 'demo-passwords'))
  const fleet = createFleet(people, { eventLog, tenant, now: Date.now })
  await fleet.report()
  const apps = await startApps()
  const hosts = Object.keys(apps.upstreams).map((app) => `http://${app}.localhost:${gateway_port}`)
  const chained = {
    eventLog,
    signer: await openCheckpointSigner(dataDir, checkpoints, Date.now()),
    tenant,
    now: Date.now,
  }
  const signIns = await openDemoChain({ ...chained, pep: PROVIDER_PEP })
  const provider = await orStop(
    apps,
    startProvider({
      port: config.provider_port,
      accounts,
      guest: GUEST,
      audience: AUDIENCE,
      cookie_secret: await openSecret(dataDir, 'demo-provider-cookies'),
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: await openSecret(dataDir, CLIENT_SECRET),
          redirect_uris: hosts.map((host) => `${host}/.gatewatch/callback`),
          post_logout_redirect_uris: hosts.map((host) => `${host}/`),
          response_types: ['code'],
          grant_types: ['authorization_code'],
          id_token_signed_response_alg: 'ES256',
          require_auth_time: true,
        },
      ],
      record: createSignInRecorder(signIns, fleet.seen),
      logger,
    }),
  )
  const world = { stop: () => stopAll([provider, signIns, apps]) }
  const pager = await orStop(world, startPager(dataDir, config.pager_port))
  const policy = await openPolicyDesk(dataDir, apps.upstreams)
  const access_log_file = join(dataDir, 'old-proxy-access.log')

  return {
    issuer: provider.issuer,
    client_id: CLIENT_ID,
    client_secret_file: join(dataDir, 'secrets', CLIENT_SECRET),
    audience: AUDIENCE,
    policy_file: policy.path,
    access_log_file,
    pager,
    networks_file: await writeNetworks(dataDir),
    rules_directory: await layRules(dataDir),
    guest: { account: GUEST, password: accounts.passwordOf(GUEST) },
    app_urls: hosts,

    async seed({ scored, progress }) {
      const routes = compileRoutes(policy.policy)
      const options = {
        tenant,
        until_ms: Date.now(),
        days: config.history_days,
        requests_an_hour: config.requests_an_hour,
        seen: fleet.seen,
      }
      const past = function* () {
        yield* leavers(options)
        yield* inOrder(history(people, routes, options), pastAttacks(people, routes, options))
      }
      const openChain = () => openDemoChain({ ...chained, pep: { id: 'demo-history', kind: 'demo' } })
      return seedHistory(dataDir, eventLog, openChain, past(), {
        scored,
        begins: (day) => {
          const left = Math.ceil((options.until_ms - Date.parse(day)) / DAY_MS)
          progress(Math.max(0, options.days - left), options.days)
        },
      })
    },

    async begin({ terminal, console_url, tokens }) {
      const judged = await nightShift(console_url, tokens, tenant)
      if (judged > 0)
        terminal.line(
          `\nThe night shift judged ${judged} stories of the days before; those of today are yours.`,
        )
      pager.onPage((summary) => terminal.line(labelled('paged', summary)))
      const oldProxy = startOldProxy(access_log_file, logger)
      // Habits are the same at every start; what people do next is not.
      const random = seededRandom(Date.now())
      const dispatcher = loopbackDispatcher()
      const workers = people.map((person) =>
        createWorker(person, { dispatcher, gateway_port, password: accounts.passwordOf(person.id), random }),
      )
      const observer = await startObserver(eventLog, tenant)
      const traffic = startTraffic(workers, {
        requests_an_hour: config.requests_an_hour,
        random,
        logger,
      })
      const director = startDirector({
        gateway_port,
        dispatcher,
        accounts,
        everyone: workers,
        fleet,
        policy,
        traffic,
        random,
        first_story_after_ms: config.first_story_after,
        story_pause_ms: config.story_pause,
        tools: { observer, terminal, console_url },
        logger,
      })
      const status = setInterval(() => {
        const { decisions, findings } = observer.counts
        terminal.status(
          `${traffic.atWork(Date.now()).length} of ${people.length} people at work, ${decisions} decisions, ${findings} findings since the start; Ctrl-C ends it`,
        )
      }, 1000)
      return {
        async stop() {
          clearInterval(status)
          await director.stop()
          await traffic.stop()
          await oldProxy.stop()
          await observer.stop()
          await dispatcher.destroy()
        },
      }
    },

    async stop() {
      await stopAll([pager, provider, signIns, apps])
    },
  }
}

/** In this order. */
async function stopAll(parts: readonly Running[]): Promise<void> {
  for (const part of parts) await part.stop()
}

/** What was started already is stopped when the next part can't start. */
async function orStop<T>(started: Running, next: Promise<T>): Promise<T> {
  try {
    return await next
  } catch (error) {
    await started.stop()
    throw error
  }
}
