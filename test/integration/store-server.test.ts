import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { checkServer, refuseOlder } from '../../services/runtime/clickhouse/check-server.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { openStore, type StoreSettings } from '../../services/runtime/clickhouse/open-store.ts'
import { makeAuthority, type TestAuthority } from '../support/certificates.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

let store: TempEngine
let directory: string
let settings: StoreSettings
let authority: TestAuthority
const logger = pino({ level: 'silent' })

beforeAll(async () => {
  store = await startTempEngine({ host: '127.0.0.1', port: 0 })
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-server-'))
  authority = makeAuthority(directory)
  const password_file = join(directory, 'password')
  await writeFile(password_file, store.engine.endpoint.password, { mode: 0o600 })
  settings = {
    url: `http://127.0.0.1:${store.engine.port}`,
    username: store.engine.endpoint.username,
    password_file,
    database: 'gatewatch_of_its_own',
  }
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const open = (more: Partial<StoreSettings>) =>
  openStore({ dataDir: directory, settings: { ...settings, ...more }, logger })

/** The engine behind TLS; with `asks`, only for those who show a certificate of the same authority. */
async function behindTls(asks: boolean): Promise<string> {
  const { certFile, keyFile } = authority.issue(asks ? 'asks' : 'shows')
  const server = createServer(
    {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ca: readFileSync(authority.caFile),
      requestCert: asks,
      rejectUnauthorized: asks,
    },
    (socket) => {
      const inner = connect(store.engine.port ?? 0, '127.0.0.1')
      socket.pipe(inner).pipe(socket)
      socket.on('error', () => inner.destroy())
      inner.on('error', () => socket.destroy())
    },
  )
  // A client that was refused is what some of these tests are about.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a server', () => {
  it('is reached by URL, user and password file, and gets its database', async () => {
    const { endpoint, from } = await open({})
    expect(from).toBe('server')
    await expect(checkServer(endpoint)).resolves.toBeUndefined()
    expect(
      await rowsOf(store.client, "SELECT name FROM system.databases WHERE name = 'gatewatch_of_its_own'"),
    ).toHaveLength(1)
  })

  it('that does not know us is refused in one sentence, without the password', async () => {
    const refused = open({ password_file: undefined, password: 'guess-me-not' })
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_STORE_QUERY',
      message: 'ClickHouse does not let us in; correct clickhouse.username and clickhouse.password_file.',
    })
  })

  it('that is away is no reason not to start, and checked when somebody asks', async () => {
    const { endpoint } = await open({ url: 'http://127.0.0.1:9' })
    await expect(checkServer(endpoint)).rejects.toMatchObject({
      code: 'ERR_STORE_UNREACHABLE',
      retriable: true,
      message: expect.stringMatching(/^ClickHouse can't be reached .*check clickhouse\.url/),
    })
  })

  it('is reached over TLS by an authority of its own, and by a certificate where it asks for one', async () => {
    const plain = { ca_file: authority.caFile }
    await expect(open({ url: await behindTls(false), ssl: plain })).resolves.toMatchObject({ from: 'server' })
    const { certFile, keyFile } = authority.issue('gatewatch')
    const mutual = { ...plain, cert_file: certFile, key_file: keyFile }
    const { endpoint } = await open({ url: await behindTls(true), ssl: mutual })
    await expect(checkServer(endpoint)).resolves.toBeUndefined()
  })

  it.each([
    ['signed by an unknown authority', async () => ({ url: await behindTls(false) })],
    [
      'signed by another authority than ours',
      async () => ({
        url: await behindTls(false),
        ssl: { ca_file: makeAuthority(directory, 'other').caFile },
      }),
    ],
    [
      'that speaks no TLS',
      async () => ({ url: `https://127.0.0.1:${store.engine.port}`, ssl: { ca_file: authority.caFile } }),
    ],
  ])('%s is refused in one sentence', async (_, more) => {
    await expect(open(await more())).rejects.toMatchObject({
      code: 'ERR_STORE_QUERY',
      message: expect.stringMatching(
        /^The secure connection to ClickHouse fails \(\w+\); correct clickhouse\.ssl/,
      ),
    })
  })

  it('with a file of ssl that is not there is refused by the setting', async () => {
    await expect(open({ ssl: { ca_file: join(directory, 'nowhere') } })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringContaining('clickhouse.ssl.ca_file'),
    })
  })
})

describe('versions of the server', () => {
  it.each(['24.8.1.2684', '25.3.2.39', '26.7.2.1', '24.10'])('%s is new enough', (version) => {
    expect(() => refuseOlder(version)).not.toThrow()
  })
  it.each(['18.16.1', '23.8.16', '24.3.18.7', '24.7.6', '', 'unknown'])('%s is too old', (version) => {
    expect(() => refuseOlder(version)).toThrow(/too old: before 24\.8 .*; update the server\.$/)
  })
})

describe('tables of another version', () => {
  const recorded = (name: string) =>
    store.client.insert({
      table: 'schema_migrations',
      values: [{ name, checksum: 'x' }],
      format: 'JSONEachRow',
      columns: ['name', 'checksum'],
    })

  it('that only has more is worked with, so that versions can run side by side and go back', async () => {
    await migrate(store.client)
    await recorded('099_add_something')
    await expect(migrate(store.client)).resolves.toMatchObject({ applied: [] })
  })

  it('that this one can not live with is refused in one sentence', async () => {
    await recorded('100_replace_decisions')
    await expect(migrate(store.client)).rejects.toMatchObject({
      code: 'ERR_STORE_QUERY',
      message: expect.stringMatching(
        /newer Gatewatch \(100_replace_decisions\).*start that version or a later one\.$/,
      ),
    })
  })
})
