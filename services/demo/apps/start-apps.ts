import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Running } from '../../runtime/runtime.ts'
import type { AppPage } from './app-page.ts'
import { deploy } from './deploy.ts'
import { records } from './records.ts'
import { renderApp } from './render.ts'
import { wiki } from './wiki.ts'

export interface RunningApps extends Running {
  /** Where each application listens, by name; only the gateway should come there. */
  readonly upstreams: Readonly<Record<'wiki' | 'records' | 'deploy', string>>
}

/** A small application: what it shows at a path, null for nothing there. */
export type App = (method: string, path: string) => AppPage | null

const MAX_STREAMS = 500

/** Starts the three applications that stand behind the gateway, each on a free port of its own. */
export async function startApps(): Promise<RunningApps> {
  const started = await Promise.all([start('wiki', wiki), start('records', records), start('deploy', deploy)])
  const [wikiApp, recordsApp, deployApp] = started
  return {
    upstreams: { wiki: wikiApp.origin, records: recordsApp.origin, deploy: deployApp.origin },
    async stop() {
      await Promise.all(started.map((app) => app.stop()))
    },
  }
}

async function start(name: string, app: App): Promise<{ origin: string; stop(): Promise<void> }> {
  const streams = new Set<ServerResponse>()
  const server = createServer((request, response) => answer(name, app, request, response, streams))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const ticking = setInterval(() => {
    for (const stream of streams)
      stream.write(
        `data: ${JSON.stringify({ at: new Date().toISOString(), line: 'build step finished' })}\n\n`,
      )
  }, 1000)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        clearInterval(ticking)
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(
  name: string,
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  streams: Set<ServerResponse>,
): void {
  request.resume()
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (name === 'deploy' && path === '/logs/stream') {
    if (streams.size >= MAX_STREAMS) {
      response.writeHead(503).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(': hello\n\n')
    streams.add(response)
    response.on('close', () => streams.delete(response))
    return
  }
  const shown = app(request.method ?? 'GET', path)
  response.writeHead(shown ? 200 : 404, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
  })
  response.end(renderApp(name, shown ?? { title: 'Nothing here', lines: [] }, request.headers))
}
