import { request } from 'undici'
import { afterAll, beforeAll } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import type { TestGateway, Upstream } from '../../support/gateway/gateway.ts'
import { startGatewayWithProvider } from '../../support/gateway/gateway-with-provider.ts'
import type { GatewayWithProvider } from '../../support/gateway/gateway-with-provider.ts'
import { AUDIENCE } from '../../support/gateway/oidc.ts'
import type { TestProvider } from '../../support/gateway/oidc.ts'

export const HOST = 'wiki.localhost'

/** A wiki behind a gateway, and the provider that knows its people: the same for every test of the file. */
export interface Wiki extends Pick<GatewayWithProvider, 'browser'> {
  readonly upstream: Upstream
  readonly provider: TestProvider
  readonly gateway: TestGateway
  ask(path: string, headers?: Record<string, string>, more?: Asked): Promise<Answer>
  /** The decision that an answer names. */
  decisionOf(headers: { 'x-gatewatch-decision-id'?: unknown } | Headers): Promise<Decision>
  signIn(id: string, groups?: readonly string[]): ReturnType<GatewayWithProvider['signIn']>
}

interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly headers: Awaited<ReturnType<typeof request>>['headers']
  readonly body: string
}

/** Starts it before the first test of the file, and stops it after the last. */
export function wikiBehindGateway(): Wiki {
  let house: GatewayWithProvider

  beforeAll(async () => {
    house = await startGatewayWithProvider({
      host: HOST,
      policy: policyOf,
      partitions: 4,
      oidc: { audience: AUDIENCE },
      // What is told of a cut is not what a timer did.
      config: { limits: { rejudge: '1h' } },
    })
  })

  afterAll(() => house?.stop())

  return {
    get upstream() {
      return house.upstream
    },
    get provider() {
      return house.provider
    },
    get gateway() {
      return house.gateway
    },
    browser: () => house.browser(),
    async ask(path, headers = {}, more = {}) {
      const answer = await request(`${house.gateway.origin}${path}`, {
        ...more,
        headers: { host: HOST, ...headers },
      })
      return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() }
    },
    async decisionOf(headers) {
      const id =
        headers instanceof Headers
          ? headers.get('x-gatewatch-decision-id')
          : headers['x-gatewatch-decision-id']
      const found = (await house.gateway.decisions()).find((decision) => decision.id === id)
      if (!found) throw new Error(`no decision ${String(id)}`)
      return found
    },
    signIn: (id, groups = ['staff']) => house.signIn(id, groups),
  }
}

function policyOf(url: string): string {
  return `version: 1
policy: test
contact: security@example.com
break_glass: ['user:root']
routes:
  - id: public
    host: ${HOST}
    path: /public/**
    upstream: ${url}
    app: wiki
    public: true
    sensitivity: low
    rules: [{ id: all, when: 'true', outcome: permit }]
  - id: wiki
    host: ${HOST}
    path: /**
    upstream: ${url}
    app: wiki
    enforcement: enforce
    rules: [{ id: staff, when: '"staff" in subject.groups || subject.type == "service"', outcome: permit }]
  - id: observed
    host: ${HOST}
    path: /observed
    upstream: ${url}
    app: wiki
    rules: [{ id: staff, when: '"staff" in subject.groups', outcome: permit }]
  - id: admin
    host: ${HOST}
    path: /admin
    upstream: ${url}
    app: wiki
    sensitivity: high
    enforcement: enforce
    rules: [{ id: staff, when: '"staff" in subject.groups', outcome: step_up }]
  - id: secret
    host: ${HOST}
    path: /secret
    upstream: ${url}
    app: wiki
    rules: [{ id: directors, when: '"directors" in subject.groups', outcome: permit }]
  - id: gone
    host: ${HOST}
    path: /gone
    upstream: http://127.0.0.1:9
    app: wiki
    public: true
    rules: [{ id: all, when: 'true', outcome: permit }]
  - id: record
    host: records.localhost
    path: /records/{id}
    methods: [GET]
    upstream: ${url}
    app: records
    resource_type: record
    action: read
    enforcement: enforce
    rules:
      - { id: own, when: 'resource.vars.id == subject.id', outcome: permit }
      - { id: strong, when: '"staff" in subject.groups', outcome: step_up }
`
}
