import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { startTestGateway, startUpstream, tempDir } from './gateway.ts'
import type { TestGateway, Upstream } from './gateway.ts'
import { startTestProvider } from './oidc.ts'
import type { TestProvider } from './oidc.ts'
import { testBrowser } from './test-browser.ts'

type TestBrowser = ReturnType<typeof testBrowser>

export interface GatewayWithProvider {
  /** The gateway's directory; its policy is `policy.yaml`. */
  readonly path: string
  readonly upstream: Upstream
  readonly provider: TestProvider
  readonly gateway: TestGateway
  /** A browser that finds the gateway under the test's host. */
  browser(): TestBrowser
  /** Signs a person in by the page of `host`, and gives their browser and its cookies for that host. */
  signIn(id: string, groups: readonly string[]): Promise<{ person: TestBrowser; cookie: string }>
  stop(): Promise<void>
}

/** A gateway in front of an application at `host`, whose people an OpenID provider knows. */
export async function startGatewayWithProvider(options: {
  readonly host: string
  readonly policy: (upstream: string) => string
  readonly partitions?: number
  readonly oidc?: Record<string, unknown>
  readonly config?: Record<string, unknown>
}): Promise<GatewayWithProvider> {
  const { host, policy, partitions, oidc, config } = options
  const dir = await tempDir()
  const log = await openEmbeddedLog({ directory: dir.path, ...(partitions && { partitions }) })
  const upstream = await startUpstream()
  // The gateway's port is not known before it listens, and the provider wants the redirect URI: the host stands in.
  const provider = await startTestProvider([`http://${host}/.gatewatch/callback`])
  const secret = join(dir.path, 'client-secret')
  await writeFile(secret, 'test-secret-of-the-client')
  const gateway = await startTestGateway(dir.path, log, policy(upstream.url), {
    ...config,
    oidc: {
      issuer: provider.issuer,
      client_id: 'gatewatch',
      client_secret_file: secret,
      scopes: ['openid'],
      timeout: '60s',
      ...oidc,
    },
  })
  const browser = (): TestBrowser =>
    testBrowser((name) =>
      name === host ? `127.0.0.1:${gateway.proxy_port}` : name.replace('localhost', '127.0.0.1'),
    )
  return {
    path: dir.path,
    upstream,
    provider,
    gateway,
    browser,
    async signIn(id, groups) {
      Object.assign(provider.person, { id, groups, hasKey: true })
      const person = browser()
      const { status } = await person.visit(`http://${host}/start`)
      if (status !== 200) throw new Error(`${id} was not signed in: ${status}`)
      const cookie = [...person.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ')
      return { person, cookie }
    },
    async stop() {
      await gateway.stop()
      await provider.stop()
      await upstream.stop()
      await log.close()
      await dir.release()
    },
  }
}
