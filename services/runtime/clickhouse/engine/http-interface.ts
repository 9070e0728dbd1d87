import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { authenticate, type Account } from './accounts.ts'
import { codingFor, encode, readBody, readForm } from './body.ts'
import { asException, refuse, statusOf, type EngineException } from './exception.ts'
import type { QueryRequest, QueryResult } from './execute.ts'
import { toRevision } from './native-format.ts'
import { settingsOf } from './settings.ts'
import { contentTypeOf } from './content-type.ts'

export interface InterfaceOptions {
  readonly accounts: readonly Account[]
  readonly database: string
  readonly version: string
  readonly execute: (request: QueryRequest) => Promise<QueryResult>
}

/**
 * ClickHouse's HTTP interface, as far as clients use it: `/` with a statement in
 * the query string, in the body, or one after the other; `/ping` and
 * `/replicas_status`. A GET only reads, as on a server. Answers are made in
 * whole before the first byte is sent (`wait_end_of_query` always), so that an
 * exception has its status, and so results are bounded.
 */
export function createInterface(options: InterfaceOptions): Server {
  const server = createServer({
    maxHeaderSize: 1024 * 1024,
    keepAliveTimeout: 65_000,
    requestTimeout: 120_000,
  })
  server.maxConnections = 512
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    void answer(options, request, response, gone.signal).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  return server
}

async function answer(
  options: InterfaceOptions,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  response.setHeader('X-ClickHouse-Server-Display-Name', 'gatewatch')
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') return plain(response, 200, 'Ok.\n')
  if (url.pathname !== '/') return plain(response, 404, `There is no handle ${url.pathname.slice(0, 200)}\n`)
  if (request.method === 'GET' && url.search === '') return plain(response, 200, 'Ok.\n')

  const queryId = checkedQueryId(url.searchParams.get('query_id'))
  response.setHeader('X-ClickHouse-Query-Id', queryId)
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  try {
    const account = authenticate(request, url.searchParams, options.accounts)
    const query = await readQuery(options, request, url.searchParams, { account, queryId, signal })
    const result = await options.execute(query)
    const coding = codingFor(request, url.searchParams)
    const revision = result.format === 'Native' ? revisionOf(url.searchParams) : 0
    const body = await encode(toRevision(result.bytes, revision), coding)
    if (coding !== null) response.setHeader('Content-Encoding', coding)
    response.setHeader('X-ClickHouse-Format', result.format)
    response.setHeader('X-ClickHouse-Summary', summaryOf(result))
    response.writeHead(200, { 'Content-Type': contentTypeOf(result.format), 'Content-Length': body.length })
    response.end(body)
  } catch (error) {
    exception(response, asException(error), options.version)
  }
}

async function readQuery(
  options: InterfaceOptions,
  request: IncomingMessage,
  search: URLSearchParams,
  who: { account: Account; queryId: string; signal: AbortSignal },
): Promise<QueryRequest> {
  if (request.method !== 'GET' && request.method !== 'POST') throw refuse(48, 'Only GET and POST are served')
  if (search.has('session_id')) throw refuse(48, 'Sessions are not supported by the embedded engine')
  if (search.get('compress') === '1' || search.get('decompress') === '1')
    throw refuse(48, "ClickHouse's own compression is not supported here; use gzip")
  const { settings, params } = settingsOf(search)
  let body = await readBody(request)
  let inUrl = search.get('query') ?? ''
  const contentType = request.headers['content-type'] ?? ''
  if (/^multipart\/form-data/i.test(contentType)) {
    const form = await readForm(body, contentType)
    body = Buffer.alloc(0)
    inUrl += form.get('query') ?? ''
    for (const [name, value] of form) if (/^param_[A-Za-z_]\w{0,120}$/.test(name)) params.set(name, value)
  }
  const text = inUrl === '' ? body : Buffer.concat([Buffer.from(`${inUrl}\n`), body])
  if (text.length === 0) throw refuse(62, 'Syntax error: Empty query')
  return {
    text,
    settings,
    params,
    queryId: who.queryId,
    signal: who.signal,
    database: search.get('database') ?? header(request, 'x-clickhouse-database') ?? options.database,
    limits: who.account.limits,
    readonly: who.account.readonly || request.method === 'GET',
    defaultFormat: checkedFormat(
      search.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated',
    ),
  }
}

/** The protocol revision that a client of the Native format reads; 0 without one. */
function revisionOf(search: URLSearchParams): number {
  const revision = Number(search.get('client_protocol_version') ?? 0)
  if (!Number.isSafeInteger(revision) || revision < 0)
    throw refuse(36, 'client_protocol_version must be a whole number')
  return revision
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

function checkedFormat(name: string): string {
  if (!/^[A-Za-z0-9]{1,64}$/.test(name)) throw refuse(36, 'default_format must be the name of a format')
  return name
}

function checkedQueryId(given: string | null): string {
  return given !== null && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}

function summaryOf(result: QueryResult): string {
  const figures = {
    read_rows: result.rowsRead,
    read_bytes: result.bytesRead,
    written_rows: result.rowsWritten,
    written_bytes: result.bytesWritten,
    total_rows_to_read: 0,
    result_rows: 0,
    result_bytes: result.bytes.length,
    elapsed_ns: Math.round(result.elapsed * 1e9),
  }
  return JSON.stringify(
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)])),
  )
}

function exception(response: ServerResponse, error: EngineException, version: string): void {
  if (response.headersSent || response.destroyed) return
  response.setHeader('X-ClickHouse-Exception-Code', error.code)
  const status = statusOf(error.code)
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"')
  // What is left of a body that was too large is not read: the connection ends with the answer.
  if (error.code === 229) response.setHeader('Connection', 'close')
  plain(response, status, `${error.message.trimEnd()} (version ${version})\n`)
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
