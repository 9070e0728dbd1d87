import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { parseAddress } from '../../services/scoring/enrich/address.ts'
import { ListsConfig } from '../../services/scoring/lists/config.ts'
import { openLists, type OpenLists } from '../../services/scoring/lists/open-lists.ts'
import { eventually } from '../support/eventually.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void

/** A real HTTP server whose answer may be exchanged, and what it was asked. */
async function serve(answer: Answer) {
  const asked: { readonly url: URL; readonly headers: IncomingMessage['headers'] }[] = []
  const place = { answer, asked, url: '', close: async () => {} }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    asked.push({ url, headers: request.headers })
    place.answer(request, response, url)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  place.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  place.close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  closing.push(() => place.close())
  return place
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatewatch-lists-'))
  closing.push(() => rm(path, { recursive: true, force: true }))
  return path
}

async function open(dataDir: string, list: Record<string, unknown>, now: () => number = Date.now) {
  const logged: string[] = []
  const metrics = new Registry()
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const config = ListsConfig.parse([{ name: 'exits', refresh: '1s', timeout: '20s', ...list }])
  const lists = await openLists(config, { dataDir, logger, metrics }, { now })
  closing.push(() => lists.stop())
  const figure = async (name: string): Promise<number | undefined> =>
    (await metrics.getSingleMetric(`gatewatch_scoring_list_${name}`)?.get())?.values[0]?.value
  return { lists, logged, figure }
}

function versionAt(lists: OpenLists, ip: string): string | undefined {
  const address = parseAddress(ip)
  return address === null ? undefined : lists.listsOf(address)?.['exits']
}

describe('a plain list of a server', () => {
  it('is fetched, asked for changes only, and exchanged when it changes', async () => {
    let list = '192.0.2.1\nbroken\n2001:db8::/48'
    const server = await serve(({ headers }, response) => {
      const etag = `"${list.length}"`
      if (headers['if-none-match'] === etag) response.writeHead(304).end()
      else response.writeHead(200, { etag }).end(list)
    })
    const { lists, figure } = await open(await directory(), { kind: 'plain', url: server.url })
    const version = await eventually('the list is there', () => versionAt(lists, '192.0.2.1'))
    expect(version).toMatch(/^20\d\d-\S+Z sha256:[0-9a-f]{16}$/)
    expect(versionAt(lists, '2001:db8::7')).toBe(version)
    expect(versionAt(lists, '192.0.2.2')).toBeUndefined()
    await eventually('it is asked for again', () => server.asked.length >= 3)
    expect(server.asked[2]?.headers['if-none-match']).toBe(`"${list.length}"`)
    expect(versionAt(lists, '192.0.2.1')).toBe(version)
    expect([await figure('entries'), await figure('unread')]).toEqual([2, 1])

    const { revision } = lists
    list = '192.0.2.2'
    await eventually('the new list is there', () => versionAt(lists, '192.0.2.2'))
    expect(versionAt(lists, '192.0.2.1')).toBeUndefined()
    expect(lists.revision).toBeGreaterThan(revision)
  })

  it.each<[string, Answer]>([
    ['an error', (_request, response) => void response.writeHead(500).end('192.0.2.9')],
    ['a redirect', (_request, response) => void response.writeHead(302, { location: '/there' }).end()],
    ['a page for people', (_request, response) => void response.end('<html>\n<p>sorry</p>\n</html>')],
    ['a connection that breaks', (request) => void request.socket.destroy()],
  ])('that answers with %s leaves the last good version, counted and said', async (_title, answer) => {
    const server = await serve((_request, response) => void response.end('192.0.2.1'))
    const { lists, logged, figure } = await open(await directory(), { kind: 'plain', url: server.url })
    const version = await eventually('the list is there', () => versionAt(lists, '192.0.2.1'))
    server.answer = answer
    await eventually('a failure is counted', async () => ((await figure('failures_total')) ?? 0) > 0)
    expect(versionAt(lists, '192.0.2.1')).toBe(version)
    const said = logged.find((line) => line.includes('the last good version stays')) ?? ''
    expect(said).toContain('"list":"exits"')
    expect(said).not.toContain(server.url)
  })

  it('that is away at a restart is there as it was, as old as it is, and said to be old', async () => {
    const dataDir = await directory()
    const server = await serve((_request, response) => void response.end('192.0.2.1'))
    const list = { kind: 'plain', url: server.url }
    const first = await open(dataDir, list)
    const version = await eventually('the list is there', () => versionAt(first.lists, '192.0.2.1'))
    await first.lists.stop()
    await server.close()
    const path = join(dataDir, 'lists', 'exits.list')
    const tenMinutesAgo = Date.now() / 1000 - 600
    await utimes(path, tenMinutesAgo, tenMinutesAgo)

    const second = await open(dataDir, list)
    expect(versionAt(second.lists, '192.0.2.1')).toBe(version)
    expect(await second.figure('age_seconds')).toBeGreaterThanOrEqual(600)
    await eventually('it is said to be old', () =>
      second.logged.some((line) => line.includes('the list is old')),
    )
    await second.lists.stop()

    // What is damaged on disk, or came from another place, is no list.
    const elsewhere = await open(dataDir, { ...list, url: `${server.url}/other` })
    expect(versionAt(elsewhere.lists, '192.0.2.1')).toBeUndefined()
    await elsewhere.lists.stop()
    await writeFile(path, '{"format":1}\n192.0.2.1')
    expect(versionAt((await open(dataDir, list)).lists, '192.0.2.1')).toBeUndefined()
  })
})

describe('a list in a file', () => {
  it('is there at once, and missing it is a mistake of the configuration', async () => {
    const dataDir = await directory()
    const file = join(dataDir, 'own.txt')
    await expect(open(dataDir, { kind: 'plain', file })).rejects.toThrow('scoring.lists exits')
    await writeFile(file, '192.0.2.1')
    const { lists } = await open(dataDir, { kind: 'plain', file })
    expect(versionAt(lists, '192.0.2.1')).toContain('sha256:')
    await writeFile(file, '192.0.2.2')
    await eventually('the change is seen', () => versionAt(lists, '192.0.2.2'))
  })
})

describe('a collection of a TAXII server', () => {
  const indicator = (n: number, over: Record<string, unknown> = {}) => ({
    type: 'indicator',
    id: `indicator--00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    modified: '2025-06-01T00:00:00.000Z',
    pattern_type: 'stix',
    pattern: `[ipv4-addr:value = '192.0.2.${n}']`,
    valid_from: '2025-06-01T00:00:00Z',
    ...over,
  })

  /** Objects with the time at which they were added, two a page. */
  const collection = (objects: [added: string, object: unknown][]): Answer => {
    return ({ headers }, response, url) => {
      if (headers.authorization !== `Basic ${Buffer.from('reader:secret').toString('base64')}`) {
        response.writeHead(401).end()
        return
      }
      const after = url.searchParams.get('added_after') ?? ''
      const from = Number(url.searchParams.get('next') ?? 0)
      const asked = objects.filter(([added]) => added > after)
      const page = asked.slice(from, from + 2)
      const more = from + 2 < asked.length
      response
        .writeHead(200, {
          'content-type': 'application/taxii+json;version=2.1',
          ...(page.length === 0 ? {} : { 'x-taxii-date-added-last': page.at(-1)?.[0] }),
        })
        .end(
          JSON.stringify(
            page.length === 0
              ? {}
              : {
                  more,
                  ...(more ? { next: String(from + 2) } : {}),
                  objects: page.map(([, object]) => object),
                },
          ),
        )
    }
  }

  it('is read page after page with credentials, then only what was added; a revoked indicator goes', async () => {
    const dataDir = await directory()
    const password_file = join(dataDir, 'password')
    await writeFile(password_file, 'wrong')
    const objects: [string, unknown][] = [1, 2, 3, 4, 5].map((n) => [
      `2026-01-01T00:00:0${n}.000000Z`,
      indicator(n),
    ])
    const server = await serve(collection(objects))
    const { lists, figure } = await open(dataDir, {
      kind: 'taxii',
      url: `${server.url}/api1/collections/9/`,
      username: 'reader',
      password_file,
    })
    await eventually(
      'the wrong password is a failure',
      async () => ((await figure('failures_total')) ?? 0) > 0,
    )
    await writeFile(password_file, 'secret')
    const before = await eventually('the last page is there', () => versionAt(lists, '192.0.2.5'))
    expect(await figure('entries')).toBe(5)
    const { url, headers } = server.asked.at(-1) ?? {}
    expect(url?.pathname).toBe('/api1/collections/9/objects/')
    expect(headers?.accept).toBe('application/taxii+json;version=2.1')
    expect(url?.searchParams.get('match[type]')).toBe('indicator')

    objects.push(
      ['2026-01-01T00:00:06.000000Z', indicator(1, { modified: '2025-07-01T00:00:00.000Z', revoked: true })],
      ['2026-01-01T00:00:07.000000Z', indicator(7)],
    )
    const after = await eventually('what was added is there', () => versionAt(lists, '192.0.2.7'))
    expect(after).not.toBe(before)
    expect([1, 2, 5].map((n) => versionAt(lists, `192.0.2.${n}`) !== undefined)).toEqual([false, true, true])
    await eventually('it asks for what comes after', () =>
      server.asked.some((each) => each.url.searchParams.get('added_after') === '2026-01-01T00:00:07.000000Z'),
    )
    // An answer that is no TAXII changes nothing.
    const failures = (await figure('failures_total')) ?? 0
    server.answer = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('{}')
    await eventually('that is a failure', async () => ((await figure('failures_total')) ?? 0) > failures)
    expect(versionAt(lists, '192.0.2.7')).toBe(after)
  })
})
