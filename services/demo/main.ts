import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { Policy } from '../../schemas/policy.ts'
import type { CheckpointsConfig } from '../runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import { openSecret } from '../runtime/secrets.ts'
import { startApps } from './apps/start-apps.ts'
import { loopbackDispatcher } from './browser/loopback.ts'
import type { DemoConfig } from './config.ts'
import { history } from './history/history.ts'
import { seedHistory } from './history/seed-history.ts'
import { startObserver } from './narrator/observer.ts'
import type { Terminal } from './narrator/terminal.ts'
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
import { writeNetworks, writePolicy } from './world-files.ts'

const CLIENT_ID = 'gatewatch-gateway'
const CLIENT_SECRET = 'demo-gateway-client'
const GUEST = 'guest'
const AUDIENCE = 'urn:gatewatch:demo'

export interface DemoExtras {
  readonly tenant: string
  readonly checkpoints: CheckpointsConfig
  /** The gateway's port; it is part of the provider's redirect URIs, so it must be known beforehand. */
  readonly gateway_port: number
}

/** The world around the gateway, and what the roles must be told about it. */
export interface Demo extends Running {
  readonly issuer: string
  readonly client_id: string
  readonly client_secret_file: string
  readonly audience: string
  readonly policy_file: string
  readonly networks_file: string
  readonly guest: { readonly account: string; readonly password: string }
  readonly app_urls: readonly string[]
  /** Writes the habits of the days before into a fresh data directory; resolves to how many decisions that were. */
  seed(progress: (written: number) => void): Promise<number>
  /** Lets the people work and the attacks begin; to be called when everything runs. */
  begin(tools: { readonly terminal: Terminal; readonly console_url: string }): Promise<Running>
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
  const accounts = createAccounts([...people, guest], await openSecret(dataDir, 'demo-passwords'))
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
      record: createSignInRecorder(signIns),
      logger,
    }),
  )
  const policy_file = await writePolicy(dataDir, apps.upstreams)

  return {
    issuer: provider.issuer,
    client_id: CLIENT_ID,
    client_secret_file: join(dataDir, 'secrets', CLIENT_SECRET),
    audience: AUDIENCE,
    policy_file,
    networks_file: await writeNetworks(dataDir),
    guest: { account: GUEST, password: accounts.passwordOf(GUEST) },
    app_urls: hosts,

    async seed(progress) {
      const policy = Policy.parse(parse(await readFile(policy_file, 'utf8')))
      const past = history(people, compileRoutes(policy), {
        tenant,
        until_ms: Date.now(),
        days: config.history_days,
        requests_an_hour: config.requests_an_hour,
      })
      const openChain = () => openDemoChain({ ...chained, pep: { id: 'demo-history', kind: 'demo' } })
      return seedHistory(dataDir, eventLog, openChain, past, progress)
    },

    async begin({ terminal, console_url }) {
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
          await observer.stop()
          await dispatcher.destroy()
        },
      }
    },

    async stop() {
      await provider.stop()
      await signIns.stop()
      await apps.stop()
    },
  }
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
