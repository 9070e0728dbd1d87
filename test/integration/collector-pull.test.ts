import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FORMAT_SAMPLES } from '../support/collector/format-samples.ts'
import { liveCollector } from '../support/collector/live-collector.ts'

/** An API on loopback; each request is kept. */
async function api(
  answer: (request: IncomingMessage, response: ServerResponse, base: string, body: string) => void,
) {
  const asked: { url: URL; authorization: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      asked.push({
        url: new URL(request.url ?? '/', base),
        authorization: request.headers.authorization ?? '',
      })
      answer(request, response, base, Buffer.concat(chunks).toString())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base, asked }
}

const events: readonly object[] = FORMAT_SAMPLES.okta.records.filter((record) => typeof record === 'object')

describe("Okta's System Log", () => {
  it('is followed by its own links over restarts, waits where it is told to, and sends its token nowhere else', async () => {
    const place = await liveCollector()
    const stored = events.slice(0, 2)
    let limited = 0
    const { base, asked } = await api((request, response, at) => {
      const url = new URL(request.url ?? '/', at)
      if (limited === 0) {
        limited += 1
        response
          .writeHead(429, { 'x-rate-limit-reset': String(Math.floor(Date.now() / 1000)), 'retry-after': '0' })
          .end()
        return
      }
      const from = Number(url.searchParams.get('after') ?? 0)
      const page = stored.slice(from, from + 2)
      response.setHeader(
        'link',
        `<${at}/api/v1/logs>; rel="self", <${at}/api/v1/logs?after=${from + page.length}>; rel="next"`,
      )
      response.end(JSON.stringify(page))
    })
    const token_file = join(place.folder, 'token')
    await writeFile(token_file, 'secret-1\n')
    const section = {
      sources: [{ name: 'okta', kind: 'okta', url: base, token_file, poll: '20ms', page: 2 }],
    }
    const first = await place.start(section)
    expect(await place.atLeast(2)).toHaveLength(2)
    await first.stop()
    stored.push(...events.slice(2))
    await writeFile(token_file, 'secret-2\n')
    const requests = asked.length
    await place.start(section)
    await place.atLeast(3)
    await expect.poll(() => place.deadLetters()).toHaveLength(1)
    expect((await place.decisions()).map(({ outcome }) => outcome)).toEqual(['permit', 'deny', 'step_up'])
    expect(asked[0]?.url.searchParams.get('since')).toMatch(/^\d{4}-/)
    expect(asked[0]?.authorization).toBe('SSWS secret-1')
    // Not from the beginning: from the link of the last page.
    expect(asked[requests]?.url.searchParams.get('after')).toBe('2')
    expect(asked[requests]?.authorization).toBe('SSWS secret-2')
  })

  it('that points to another origin gets no further request, and the source says that it fails', async () => {
    const place = await liveCollector()
    const { base, asked } = await api((_request, response) => {
      response.setHeader('link', '<http://127.0.0.2:1/api/v1/logs>; rel="next"')
      response.end(JSON.stringify(events.slice(0, 1)))
    })
    const token_file = join(place.folder, 'token')
    await writeFile(token_file, 'secret')
    await place.start({ sources: [{ name: 'okta', kind: 'okta', url: base, token_file, poll: '20ms' }] })
    await expect.poll(() => place.metrics.metrics()).toMatch(/reconnects_total\{source="okta"\} [1-9]/)
    expect(asked.every(({ url }) => url.origin === base)).toBe(true)
    expect(await place.decisions()).toEqual([])
  })

  it('that gives the same page for ever, instants to come and links without end is asked no more often than set, and goes on', async () => {
    const place = await liveCollector()
    let answers: 'same' | 'endless' | 'forgotten' = 'same'
    const page = events.slice(0, 2).map((event) => ({ ...event, published: '9999-12-31T23:59:59.000Z' }))
    const { base, asked } = await api((request, response, at) => {
      if (answers === 'forgotten' && request.url?.includes('after=') === true) {
        response.writeHead(400).end()
        return
      }
      const behind = answers === 'endless' ? 'x'.repeat(9000) : answers
      response.setHeader('link', `<${at}/api/v1/logs?after=${behind}>; rel="next"`)
      response.end(JSON.stringify(answers === 'forgotten' ? events.slice(0, 1) : page))
    })
    const token_file = join(place.folder, 'token')
    await writeFile(token_file, 'secret')
    const section = (poll: string) => ({
      sources: [{ name: 'okta', kind: 'okta', url: base, token_file, poll, page: 2 }],
    })
    const first = await place.start(section('1h'))
    await expect.poll(() => place.deadLetters()).toHaveLength(2)
    // A link that is new is followed at once, and when it leads to itself no more.
    await expect.poll(() => asked.length).toBe(2)
    await first.stop()
    answers = 'endless'
    const second = await place.start(section('1h'))
    await expect.poll(() => place.metrics.metrics()).toMatch(/reconnects_total\{source="okta"\} [1-9]/)
    await second.stop()
    answers = 'forgotten'
    await place.start(section('20ms'))
    await place.atLeast(1)
    // Not from the year 9999 on.
    const again = asked.findLast(({ url }) => url.searchParams.has('since'))
    expect(Date.parse(again?.url.searchParams.get('since') ?? '')).toBeLessThanOrEqual(Date.now())
  })
})

it('Entra: sign-ins that appear late are taken, those that come again are known, though Graph added to them', async () => {
  const place = await liveCollector()
  const now = Date.now()
  const signIn = (id: string, agoMs: number, risk: string) => ({
    id,
    createdDateTime: new Date(now - agoMs).toISOString(),
    userPrincipalName: `${id}@example.org`,
    appDisplayName: 'Wiki',
    ipAddress: '203.0.113.8',
    status: { errorCode: 0 },
    riskState: risk,
  })
  const granted: unknown[] = []
  // What the API dates to a day that is to come is put aside, and moves nothing.
  const toCome = signIn('to-come', -90 * 86_400_000, 'none')
  let list = [toCome, signIn('a', -200, 'none'), signIn('b', -100, 'none')]
  const { base, asked } = await api((request, response, at, body) => {
    const url = new URL(request.url ?? '/', at)
    if (url.pathname === '/token') {
      granted.push(Object.fromEntries(new URLSearchParams(body)))
      response.end(JSON.stringify({ access_token: 'granted', expires_in: 3600 }))
      return
    }
    const skip = Number(url.searchParams.get('skip') ?? 0)
    const more = skip + 1 < list.length
    response.end(
      JSON.stringify({
        value: list.slice(skip, skip + 1),
        ...(more && { '@odata.nextLink': `${at}/v1.0/auditLogs/signIns?skip=${skip + 1}` }),
      }),
    )
  })
  const client_secret_file = join(place.folder, 'secret')
  await writeFile(client_secret_file, 'hush')
  const client = { token_url: `${base}/token`, client_id: 'app', client_secret_file }
  const section = {
    sources: [{ name: 'entra', kind: 'entra', url: base, client, poll: '20ms', overlap: '10m' }],
  }
  const first = await place.start(section)
  await place.atLeast(2)
  list = [signIn('late', 300_000, 'none'), signIn('a', -200, 'atRisk'), signIn('b', -100, 'none')]
  await place.atLeast(3)
  await first.stop()
  await place.start(section)
  await expect
    .poll(() => place.metrics.metrics())
    .toMatch(/records_total\{source="entra",outcome="known"\} [3-9]/)
  expect((await place.decisions()).map(({ subject }) => subject.id)).toEqual([
    'a@example.org',
    'b@example.org',
    'late@example.org',
  ])
  expect(await place.deadLetters()).toHaveLength(1)
  expect(granted).toHaveLength(2)
  expect(granted[0]).toMatchObject({
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: 'hush',
  })
  expect(asked.at(-1)?.authorization).toBe('Bearer granted')
  const filter = asked.findLast(({ url }) => url.searchParams.has('$filter'))?.url.searchParams.get('$filter')
  expect(filter).toBe(`createdDateTime ge ${new Date(now + 200 - 600_000).toISOString()}`)
})
