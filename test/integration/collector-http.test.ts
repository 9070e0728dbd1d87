import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { liveCollector, sshdLine, type LiveCollector } from '../support/collector/live-collector.ts'

const SECTION = {
  http: { port: 0 },
  sources: [
    { name: 'opa', kind: 'http', format: 'opa' },
    {
      name: 'lines',
      kind: 'http',
      format: 'sshd',
      token_names: ['sender'],
      max_body_bytes: 4096,
      max_text_bytes: 8192,
    },
    { name: 'cf', kind: 'http', format: 'cloudflare' },
  ],
}

async function pushes(place: LiveCollector) {
  const { http_port: port } = await place.start(SECTION)
  const token = await place.tokens.create({ name: 'sender', scopes: ['collector'] })
  return async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: new Uint8Array(typeof body === 'string' ? Buffer.from(body) : body),
      headers: { authorization: `Bearer ${token}`, ...headers },
    })
    const answer: unknown = await response.json()
    return { status: response.status, answer }
  }
}

const event = (id: string, user: string) => ({
  labels: { id: 'sidecar-1', version: '1.0.0' },
  decision_id: id,
  path: 'http/authz/allow',
  input: { user, method: 'GET', path: ['salary', 'bob'] },
  result: false,
  requested_by: '192.0.2.1:5000',
  timestamp: new Date().toISOString(),
})

describe('pushes over HTTP', () => {
  it("takes OPA's decision log as OPA sends it, and the same upload again changes nothing", async () => {
    const place = await liveCollector()
    const push = await pushes(place)
    const body = gzipSync(JSON.stringify([event('d-1', 'alice'), event('d-2', 'mallory')]))
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    expect(await push('/v1/push/opa/logs', body, headers)).toEqual({
      status: 200,
      answer: { decisions: 2, known: 0, skipped: 0, dead_letters: 0 },
    })
    // 200 means durable: nothing is waited for here.
    expect((await place.decisions()).map(({ outcome }) => outcome)).toEqual(['deny', 'deny'])
    expect(await push('/v1/push/opa/logs/partition', body, headers)).toMatchObject({
      answer: { known: 2, decisions: 0 },
    })
    expect(await place.decisions()).toHaveLength(2)
  })

  it('knows a repeat of unnamed records by its bytes, unless its sender calls it another push', async () => {
    const place = await liveCollector()
    const push = await pushes(place)
    const body = sshdLine('bob', 1) + sshdLine('bob', 1) + 'no line of sshd\n'
    expect(await push('/v1/push/lines', body)).toMatchObject({ answer: { decisions: 2, dead_letters: 1 } })
    expect(await push('/v1/push/lines', body)).toMatchObject({ answer: { known: 3 } })
    expect(await push('/v1/push/lines', body, { 'idempotency-key': 'b' })).toMatchObject({
      answer: { dead_letters: 1 },
    })
    expect(await place.deadLetters()).toHaveLength(2)
    expect((await place.deadLetters())[0]?.headers).toMatchObject({
      reason: 'no_timestamp',
      'source-topic': 'collector:sshd',
    })
  })

  it('answers the test upload of Logpush, and takes its lines', async () => {
    const place = await liveCollector()
    const push = await pushes(place)
    const gzip = { 'content-encoding': 'gzip' }
    expect(await push('/v1/push/cf', gzipSync('{"content":"tests"}'), gzip)).toMatchObject({ status: 200 })
    const row = {
      RayID: 'r1',
      AppUUID: 'a',
      CreatedAt: new Date().toISOString(),
      Allowed: true,
      Action: 'login',
      Email: 'alice@example.com',
      AppDomain: 'wiki.example.com/x',
      IPAddress: '192.0.2.9',
    }
    const lines = `${JSON.stringify(row)}\n${JSON.stringify({ ...row, RayID: 'r2' })}\n`
    expect(await push('/v1/push/cf', gzipSync(lines), gzip)).toMatchObject({
      answer: { decisions: 2, dead_letters: 0 },
    })
    expect(await place.deadLetters()).toEqual([])
  })

  it('lets nobody in without a token of the right kind and name, and bounds what is sent', async () => {
    const place = await liveCollector()
    const push = await pushes(place)
    expect(await push('/v1/push/opa', '[]', { authorization: 'Bearer nonsense' })).toMatchObject({
      status: 401,
    })
    const analyst = await place.tokens.create({ name: 'a', scopes: ['analyst'] })
    expect(await push('/v1/push/opa', '[]', { authorization: `Bearer ${analyst}` })).toMatchObject({
      status: 403,
    })
    const other = await place.tokens.create({ name: 'other', scopes: ['collector'] })
    expect(await push('/v1/push/lines', '', { authorization: `Bearer ${other}` })).toMatchObject({
      status: 403,
    })
    expect(await push('/v1/push/nowhere', '')).toMatchObject({ status: 404 })
    expect(await push('/v1/push/lines', 'x'.repeat(5000))).toMatchObject({ status: 413 })
    expect(await push('/v1/push/lines', gzipSync('x'.repeat(100_000)))).toMatchObject({ status: 413 })
    expect(
      await push('/v1/push/lines', gzipSync(sshdLine('bob', 1).repeat(9)).subarray(0, -9)),
    ).toMatchObject({ status: 400 })
  })
})
