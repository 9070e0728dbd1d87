import { execFile } from 'node:child_process'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { createClient, TupleParam } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

let store: TempEngine
let base: string
beforeAll(async () => {
  store = await startTempEngine({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${store.engine.port}`
  await store.client.command({
    query: 'CREATE TABLE events (id UInt64, name String, at DateTime64(3)) ENGINE = MergeTree ORDER BY id',
  })
})
afterAll(() => store.close())

/** A plain request, as any program would make it; the writer's account unless told otherwise. */
function ask(
  path: string,
  init: RequestInit & { account?: 'writer' | 'reader' | null } = {},
): Promise<Response> {
  const { account = 'writer', ...rest } = init
  const { endpoint } = store.engine
  const who = account === 'reader' ? endpoint.reader : endpoint
  const headers = new Headers(rest.headers)
  if (account !== null && who)
    headers.set('authorization', `Basic ${Buffer.from(`${who.username}:${who.password}`).toString('base64')}`)
  return fetch(`${base}${path}`, { ...rest, headers })
}

describe('@clickhouse/client', () => {
  it('reaches it by URL and over the socket alike', async () => {
    const { username, password, database } = store.engine.endpoint
    const byUrl = createClient({ url: base, username, password, database })
    expect(await byUrl.ping()).toEqual({ success: true })
    expect(await byUrl.ping({ select: true })).toEqual({ success: true })
    expect(await store.client.ping({ select: true })).toEqual({ success: true })
    expect(await rowsOf(byUrl, 'SELECT currentDatabase() AS database')).toEqual([{ database: 'gatewatch' }])
    await byUrl.close()
  })

  it('inserts arrays and streams, and reads them back', async () => {
    const at = '2026-01-31 09:30:00.123'
    const summary = await store.client.insert({
      table: 'events',
      values: [
        { id: 1, name: 'a;b', at },
        { id: 2, name: "o'brien\n", at },
      ],
      format: 'JSONEachRow',
    })
    expect(summary.summary?.written_rows).toBe('2')
    await store.client.insert({
      table: 'events',
      values: Readable.from([
        [3, 'ünï', at],
        [4, '', at],
      ]),
      format: 'JSONCompactEachRow',
    })
    await store.client.insert({
      table: 'events',
      values: Readable.from([`5,"x",${at}\n`], { objectMode: false }),
      format: 'CSV',
    })
    await store.client.insert({ table: 'events', values: [], format: 'JSONEachRow' })
    expect(await rowsOf(store.client, 'SELECT id, name FROM events ORDER BY id')).toEqual([
      { id: 1, name: 'a;b' },
      { id: 2, name: "o'brien\n" },
      { id: 3, name: 'ünï' },
      { id: 4, name: '' },
      { id: 5, name: 'x' },
    ])
  })

  it('compresses in both directions', async () => {
    const { url, username, password, database } = { ...store.engine.endpoint, url: base }
    const client = createClient({
      url,
      username,
      password,
      database,
      compression: { request: true, response: true },
    })
    await client.command({ query: 'CREATE TABLE packed (n UInt32) ENGINE = Memory' })
    await client.insert({
      table: 'packed',
      values: Array.from({ length: 5000 }, (_, n) => ({ n })),
      format: 'JSONEachRow',
    })
    const result = await client.query({ query: 'SELECT n FROM packed ORDER BY n', format: 'JSONEachRow' })
    expect(result.response_headers['content-encoding']).toBe('gzip')
    expect(await result.json()).toHaveLength(5000)
    await client.close()
  })

  it('passes parameters of every type as values', async () => {
    const result = await store.client.query({
      query: `SELECT {s:String} AS s, {n:Int64} AS n, {f:Float64} AS f, {b:Bool} AS b, {none:Nullable(String)} AS none,
        {list:Array(String)} AS list, {pair:Tuple(Int32, String)} AS pair, {map:Map(String, UInt8)} AS map,
        {at:DateTime64(3, 'UTC')} AS at, {column:Identifier} AS chosen FROM (SELECT 7 AS seven)`,
      query_params: {
        s: `'; DROP TABLE events; -- \\ \t\n "x" {n:Int64}`,
        n: -42n,
        f: 0.1,
        b: true,
        none: null,
        list: ["it's", 'a\\b', ''],
        pair: new TupleParam([1, "q'"]),
        map: new Map([["k'", 3]]),
        at: new Date('2026-01-31T09:30:00.123Z'),
        column: 'seven',
      },
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([
      {
        s: `'; DROP TABLE events; -- \\ \t\n "x" {n:Int64}`,
        n: -42,
        f: 0.1,
        b: true,
        none: null,
        list: ["it's", 'a\\b', ''],
        pair: [1, "q'"],
        map: { "k'": 3 },
        at: '2026-01-31 09:30:00.123',
        chosen: 7,
      },
    ])
  })

  it('sends parameters that are too long for a URL as a form', async () => {
    const long = 'é'.repeat(100_000)
    const result = await store.client.query({
      query: 'SELECT length({s:String}) AS bytes',
      query_params: { s: long },
      use_multipart_params: true,
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ bytes: 200_000 }])
  })

  it('keeps the parameters of queries that run at once apart', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const result = await store.client.query({
          query: 'SELECT {mine:UInt32} AS mine, sum(number) AS busy FROM numbers(200000)',
          query_params: { mine: n },
          format: 'JSONEachRow',
        })
        return (await result.json<{ mine: number }>())[0]?.mine
      }),
    )
    expect(answers).toEqual(Array.from({ length: 60 }, (_, n) => n))
  })

  it.each([
    ['SELEC 1', '62', 'SYNTAX_ERROR'],
    ['SELECT * FROM nowhere', '60', 'UNKNOWN_TABLE'],
    ['SELECT nothing FROM events', '47', 'UNKNOWN_IDENTIFIER'],
    ['SELECT throwIf(1)', '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ['SELECT {missing:String}', '456', 'UNKNOWN_QUERY_PARAMETER'],
  ])('tells of %s with its code', async (query, code, type) => {
    await expect(store.client.command({ query })).rejects.toMatchObject({ code, type })
  })

  it('goes on after an insert that failed in its middle', async () => {
    const broken = Readable.from(['{"id":77}\n{"id":"no number"}\n'], { objectMode: false })
    await expect(
      store.client.exec({ query: 'INSERT INTO events FORMAT JSONEachRow', values: broken }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(27|72|117|6|41)$/) })
    await store.client.insert({ table: 'events', values: [{ id: 78 }], format: 'JSONEachRow' })
    expect(await rowsOf(store.client, 'SELECT id FROM events WHERE id IN (77, 78)')).toEqual([{ id: 78 }])
  })

  it('ends a query whose client has gone', async () => {
    const controller = new AbortController()
    const slow = store.client.query({
      query: 'SELECT sleepEachRow(0.1) FROM numbers(200) SETTINGS max_block_size = 1 /* slow one */',
      abort_signal: controller.signal,
    })
    const running =
      "SELECT query FROM system.processes WHERE query LIKE '%slow one%' AND query NOT LIKE '%processes%'"
    await eventually('it runs', async () => (await rowsOf(store.client, running)).length === 1)
    controller.abort()
    await expect(slow).rejects.toThrow(/abort/i)
    await eventually('it runs no more', async () => (await rowsOf(store.client, running)).length === 0)
  })
})

describe('any HTTP client', () => {
  it('gets a query answered by curl', async () => {
    const { username, password } = store.engine.endpoint
    const { stdout } = await promisify(execFile)('curl', [
      '-sS',
      '-u',
      `${username}:${password}`,
      `${base}/?database=gatewatch&default_format=JSONEachRow`,
      '--data-binary',
      'SELECT 1 AS one',
    ])
    expect(stdout).toBe('{"one":1}\n')
  })

  it.each([
    ['in the query string', '/?query=SELECT%201', undefined],
    ['in the body', '/', 'SELECT 1'],
    ['in both, one after the other', '/?query=SELECT', '1'],
  ])('takes a statement %s', async (_, path, body) => {
    const response = await ask(path, body === undefined ? {} : { method: 'POST', body })
    expect(await response.text()).toBe('1\n')
    expect(response.headers.get('x-clickhouse-format')).toBe('TabSeparated')
    expect(response.headers.get('x-clickhouse-query-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(response.headers.get('x-clickhouse-timezone')).toBe('UTC')
    expect(response.headers.get('x-clickhouse-server-display-name')).toBe('gatewatch')
    expect(response.headers.get('content-type')).toContain('text/tab-separated-values')
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ read_rows: '1' })
  })

  it('takes data behind the statement, in the body, in both, and gzipped', async () => {
    await ask('/', { method: 'POST', body: 'CREATE TABLE letters (s String) ENGINE = Memory' })
    const bodies: [string, string | Uint8Array<ArrayBuffer>, HeadersInit?][] = [
      ['/', 'INSERT INTO letters FORMAT TSV\na\n'],
      ['/', "INSERT INTO letters VALUES ('b;')"],
      ['/?query=INSERT%20INTO%20letters%20FORMAT%20JSONEachRow', '{"s":"c"}'],
      ['/?query=INSERT%20INTO%20letters%20VALUES', "('d')"],
      [
        '/?query=INSERT%20INTO%20letters%20FORMAT%20CSV',
        new Uint8Array(gzipSync('"e"\n')),
        { 'content-encoding': 'gzip' },
      ],
      ['/', "INSERT INTO letters SELECT 'f'"],
    ]
    for (const [path, body, headers] of bodies) {
      const response = await ask(path, { method: 'POST', body, ...(headers && { headers }) })
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    const letters = await ask('/?query=SELECT%20s%20FROM%20letters%20ORDER%20BY%20s')
    expect(await letters.text()).toBe('a\nb;\nc\nd\ne\nf\n')
  })

  it('answers /ping and /replicas_status without an account, and 404 elsewhere', async () => {
    expect(await (await ask('/ping', { account: null })).text()).toBe('Ok.\n')
    expect(await (await ask('/replicas_status', { account: null })).text()).toBe('Ok.\n')
    expect((await ask('/play', { account: null })).status).toBe(404)
  })

  it.each([
    ['none', {}, '/?query=SELECT%201', 401, '194'],
    [
      'a wrong password',
      { 'x-clickhouse-user': 'gatewatch', 'x-clickhouse-key': 'x' },
      '/?query=SELECT%201',
      403,
      '516',
    ],
    ['an unknown account', {}, '/?user=root&password=x&query=SELECT%201', 403, '516'],
    ['the default account', { authorization: 'Basic ZGVmYXVsdDo=' }, '/?query=SELECT%201', 403, '516'],
  ])('refuses %s', async (_, headers, path, status, code) => {
    const response = await ask(path, { account: null, headers })
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
    expect(await response.text()).toMatch(/^Code: \d+\. DB::Exception: Authentication failed/)
  })

  it('takes an account in headers and in the query string', async () => {
    const { username, password } = store.engine.endpoint
    const inUrl = `/?user=${username}&password=${encodeURIComponent(password)}&query=SELECT%201`
    expect((await ask(inUrl, { account: null })).status).toBe(200)
    const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password }
    expect((await ask('/?query=SELECT%201', { account: null, headers })).status).toBe(200)
  })

  it.each([
    ['SELEC 1', 400, '62'],
    ['SELECT * FROM nowhere', 404, '60'],
    ['SELECT 1; SELECT 2', 400, '62'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 500, '358'],
    ['SELECT 1 SETTINGS max_thread = 1', 404, '115'],
    ['', 400, '62'],
  ])('gives %s its status and code', async (body, status, code) => {
    const response = await ask('/', { method: 'POST', body })
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
    expect(await response.text()).toMatch(
      new RegExp(String.raw`^Code: ${code}\. DB::Exception: [\s\S]+\(version 2`),
    )
  })

  it('refuses a body that is too large, or no gzip, and lives on', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(70 * 1024 * 1024)))
    const headers = { 'content-encoding': 'gzip' }
    const path = '/?query=INSERT%20INTO%20events%20FORMAT%20TSV'
    const large = await ask(path, { method: 'POST', body: bomb, headers })
    expect([large.status, large.headers.get('x-clickhouse-exception-code')]).toEqual([413, '229'])
    const broken = await ask(path, { method: 'POST', body: bomb.slice(0, 100), headers })
    expect(broken.headers.get('x-clickhouse-exception-code')).toBe('354')
    expect((await ask('/ping')).status).toBe(200)
  })

  it('survives requests that are no HTTP, or end in their middle', async () => {
    await new Promise<void>((resolve) => {
      const half = httpRequest(base, { method: 'POST', headers: { 'content-length': '1000' } })
      half.on('error', () => resolve())
      half.write('SELECT')
      setTimeout(() => half.destroy(), 50)
      half.on('close', () => resolve())
    })
    expect((await ask('/ping')).status).toBe(200)
  })
})

describe('the reading account', () => {
  it.each([
    ['SELECT count() FROM events'],
    ['WITH 1 AS x SELECT x'],
    ['SHOW TABLES'],
    ['DESCRIBE TABLE events'],
    ['EXPLAIN SELECT 1'],
  ])('may %s', async (body) => {
    expect((await ask('/?max_threads=1', { method: 'POST', body, account: 'reader' })).status).toBe(200)
  })

  it('reads with as many threads as it may, however little memory the engine has', async () => {
    const body = 'EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(10000000)'
    const pipeline = async (search: string) =>
      (await ask(search, { method: 'POST', body, account: 'reader' })).text()
    // What the tests before this one took is given back a moment later.
    await expect.poll(() => pipeline('/')).toContain('× 2')
    expect(await pipeline('/?max_threads=1')).not.toContain('× 2')
  })

  it.each([
    ['INSERT INTO events (id) VALUES (99)', '164'],
    ['DROP TABLE events', '164'],
    ['CREATE TABLE mine (a Int8) ENGINE = Memory', '164'],
    ['ALTER TABLE events DELETE WHERE 1', '164'],
    ['TRUNCATE TABLE events', '164'],
    ['SET readonly = 0', '164'],
    ['SELECT 1 SETTINGS readonly = 0', '164'],
    ['SELECT 1 SETTINGS max_memory_usage = 0', '164'],
    ['KILL QUERY WHERE 1', '164'],
    ['SYSTEM FLUSH LOGS', '164'],
  ])('may not %s', async (body, code) => {
    const response = await ask('/?readonly=0', { method: 'POST', body, account: 'reader' })
    expect(response.headers.get('x-clickhouse-exception-code')).toBe(code)
    expect(await rowsOf(store.client, 'SELECT count() AS events FROM events WHERE id = 99')).toEqual([
      { events: 0 },
    ])
  })

  it.each([
    ["SELECT * FROM file('/etc/hostname', 'LineAsString')"],
    ["SELECT file('/etc/hostname')"],
    ["SELECT `file`('/etc/hostname')"],
    ["SELECT FILE /* x */ ('/etc/hostname')"],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ["SELECT * FROM remote('127.0.0.1:1', 'system.one')"],
    ["SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', 'CSV', 'a String')"],
    ["SELECT * FROM sqlite('/tmp/x', 'y')"],
    ["SELECT * FROM executable('ls', 'LineAsString', 'x String')"],
    ["SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
  ])('reaches no file and no other machine: %s', async (body) => {
    const response = await ask('/', { method: 'POST', body, account: 'reader' })
    expect(response.status).not.toBe(200)
    // 481, not 497: the path exists on the machine that runs this.
    expect(['497', '481', '164', '1', '46']).toContain(response.headers.get('x-clickhouse-exception-code'))
  })

  it('may tighten its limits and not loosen them', async () => {
    const body = 'SELECT number FROM numbers(100)'
    const tight = await ask('/?max_result_rows=10', { method: 'POST', body, account: 'reader' })
    expect(tight.headers.get('x-clickhouse-exception-code')).toBe('396')
    const query = "SELECT getSetting('max_execution_time') AS s, getSetting('readonly') AS r"
    const loose = await ask('/?max_execution_time=0&readonly=0', {
      method: 'POST',
      body: query,
      account: 'reader',
    })
    expect(await loose.text()).toBe('30\t1\n')
  })

  it('holds for the writer too, when it uses GET', async () => {
    const response = await ask('/?query=DROP%20TABLE%20events')
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('164')
  })
})

it('the writer reaches no file and no other machine either', async () => {
  for (const query of [
    "INSERT INTO FUNCTION file('/tmp/gatewatch-never', 'CSV') SELECT 1",
    "CREATE TABLE f (line String) ENGINE = File('LineAsString', '/etc/hostname')",
    "CREATE TABLE u (line String) ENGINE = URL('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "CREATE TABLE d (a Int8) ENGINE = Distributed('default', 'system', 'one')",
    'CREATE USER mallory',
  ])
    await expect(store.client.command({ query })).rejects.toMatchObject({ code: '497' })
})

it('many queries at once wait their turn, and all are answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      rowsOf<{ n: number }>(store.client, `SELECT ${n} AS n, sleep(0.01)`),
    ),
  )
  expect(answers.map(([row]) => row?.n)).toEqual(Array.from({ length: 100 }, (_, n) => n))
})
