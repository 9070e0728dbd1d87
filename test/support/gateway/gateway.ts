import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { WebSocketServer } from 'ws'
import { parseDecision } from '../../../schemas/decision.ts'
import type { Decision } from '../../../schemas/decision.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { accessDecisions, riskState } from '../../../schemas/topics.ts'
import { GatewayConfig } from '../../../services/gateway/config.ts'
import { startGateway } from '../../../services/gateway/main.ts'
import type { RunningGateway } from '../../../services/gateway/main.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { jsonRecord, parseJson } from '../../../services/runtime/log/json-record.ts'
import type { Runtime } from '../../../services/runtime/runtime.ts'
import { openTokens } from '../../../services/runtime/tokens.ts'
import type { Tokens } from '../../../services/runtime/tokens.ts'

/** A directory that is gone when `release` is called. */
export async function tempDir(): Promise<{ path: string; release: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'gatewatch-'))
  return { path, release: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) }
}

export interface Upstream {
  readonly url: string
  /** What the application was last asked, as it saw it. */
  readonly seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[]
  readonly sockets: { open: number }
  stop(): Promise<void>
}

/** An application: answers what it saw, streams events at /stream, echoes WebSockets, hangs up at /reset. */
export async function startUpstream(): Promise<Upstream> {
  const seen: Upstream['seen'] = []
  const sockets = { open: 0 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      if (request.url === '/reset') {
        request.socket.destroy()
        return
      }
      if (request.url === '/stream') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const timer = setInterval(() => response.write('data: tick\n\n'), 20)
        response.on('close', () => clearInterval(timer))
        return
      }
      response.writeHead(200, {
        'content-type': 'application/json',
        'set-cookie': ['app=1; Path=/', 'gatewatch_access=evil; Path=/'],
        'x-gatewatch-decision-id': 'forged',
        connection: 'keep-alive, x-secret-hop',
        'x-secret-hop': '1',
      })
      response.end(JSON.stringify({ url: request.url, body }))
    })
  })
  const webSockets = new WebSocketServer({ server })
  webSockets.on('connection', (socket) => {
    sockets.open += 1
    socket.on('message', (data) => socket.send(data))
    socket.on('close', () => {
      sockets.open -= 1
    })
    socket.on('error', () => {})
  })
  const port = await listenOn(server)
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    sockets,
    stop: () =>
      new Promise((resolve) => {
        for (const client of webSockets.clients) client.terminate()
        webSockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function listenOn(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

export interface TestGateway extends RunningGateway {
  readonly tokens: Tokens
  readonly runtime: Runtime
  readonly origin: string
  readonly decisionPoint: string
  /** Decisions in the log, in the order of the chain. */
  decisions(): Promise<Decision[]>
  /** Publishes a risk state as the ledger does. */
  setRisk(entity: RiskState['entity'], over?: Partial<RiskState>): Promise<void>
}

/**
 * Starts a gateway on free ports, on a policy text, over a given event log. It
 * waits as long as it can for a disk that flushes slowly, as one does on which
 * much was just installed: what is answered is in the log then, not in the spool.
 */
export async function startTestGateway(
  dataDir: string,
  eventLog: EventLog,
  policy: string,
  { limits = {}, ...over }: Record<string, unknown> = {},
): Promise<TestGateway> {
  const policyFile = join(dataDir, 'policy.yaml')
  await writeFile(policyFile, policy)
  const config = GatewayConfig.parse({
    // Tests count decisions; those that want canaries ask for them.
    canary_every: '1d',
    policy_file: policyFile,
    listen: { port: 0 },
    decision_point: { port: 0 },
    spool: { after: '10s' },
    limits: { record_timeout: '60s', connect_timeout: '60s', ...Object(limits) },
    ...over,
  })
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
  const runtime: Runtime = { dataDir, logger, metrics: new Registry(), eventLog }
  const tokens = await openTokens(dataDir)
  const gateway = await startGateway(runtime, config, { tokens })
  return {
    ...gateway,
    tokens,
    runtime,
    origin: `http://127.0.0.1:${gateway.proxy_port}`,
    decisionPoint: `http://127.0.0.1:${gateway.decision_port}`,
    decisions: () => readDecisions(eventLog),
    async setRisk(entity, state = {}) {
      const now = new Date().toISOString()
      const record: RiskState = {
        schema_version: 1,
        tenant: 'default',
        entity,
        origin: 'live',
        revision: 1,
        score: 90,
        level: 'HIGH',
        required_action: 'none',
        causes: [],
        story_ids: ['story-1'],
        updated_at: now,
        expires_at: new Date(Date.now() + 600_000).toISOString(),
        restricted_since: now,
        revoked_before: null,
        withheld: null,
        decision_id: null,
        ...state,
      }
      await eventLog.append([jsonRecord(riskState, record)])
    },
  }
}

export async function readDecisions(eventLog: EventLog): Promise<Decision[]> {
  const found: Decision[] = []
  for (const { partition } of await eventLog.watermarks(accessDecisions)) {
    for await (const records of eventLog.read(accessDecisions, { partition })) {
      for (const record of records) {
        const json = parseJson(record)
        if (json.kind !== 'ok') throw new Error('a decision that is no JSON')
        const parsed = parseDecision(json.value)
        if (!parsed.success) throw new Error(parsed.error.message)
        found.push(parsed.data)
      }
    }
  }
  return found.sort(
    (a, b) => a.decided_at.localeCompare(b.decided_at) || (a.pep?.seq ?? 0) - (b.pep?.seq ?? 0),
  )
}
