import { join } from 'node:path'
import { request } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lossOf } from '../../schemas/loss.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { readDecisions, startUpstream, tempDir } from '../support/gateway/gateway.ts'
import type { Upstream } from '../support/gateway/gateway.ts'
import { smallDisk } from '../support/store/small-disk.ts'
import type { SmallDisk } from '../support/store/small-disk.ts'
import { openPolicy, startSpoolingGateway } from '../support/gateway/spooling-gateway.ts'
import type { SpoolingGateway } from '../support/gateway/spooling-gateway.ts'
import type { Away } from '../support/log/unreachable-log.ts'

/**
 * The promise: on a disk that is full, requests are refused with a page that
 * helps (or served and counted, where the configuration says so), break glass
 * passes, nothing that was answered is lost, and all goes on by itself when there
 * is room. The disk is a real one: a tmpfs of a few megabytes.
 */
const MIB = 1_048_576

let dir: Awaited<ReturnType<typeof tempDir>>
let disk: SmallDisk | null
let upstream: Upstream
const started: SpoolingGateway[] = []

beforeEach(async () => {
  dir = await tempDir()
  disk = await smallDisk(join(dir.path, 'disk'), 48 * MIB)
  upstream = await startUpstream()
})

afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.kill()
  await upstream.stop()
  await disk?.release()
  await dir.release()
})

async function start(log: string, away: Away, spool: Record<string, unknown> = {}): Promise<SpoolingGateway> {
  const gateway = await startSpoolingGateway({
    data_dir: disk?.path ?? '',
    log: { directory: log },
    policy: openPolicy(upstream.url),
    config: { spool: { after: '25ms', ...spool }, limits: { record_timeout: '500ms' } },
    away,
  })
  started.push(gateway)
  return gateway
}

async function stored(directory: string) {
  const log = await openEmbeddedLog({ directory })
  try {
    return await readDecisions(log)
  } finally {
    await log.close()
  }
}

const untilRefused = (gateway: SpoolingGateway) =>
  eventually('a refusal', async () => (await gateway.ask(1)).status === 503)

it('refuses when neither the log nor the disk of the spool takes a decision, and says why and what helps', async (context) => {
  if (disk === null) {
    context.skip()
    return
  }
  const log = join(dir.path, 'log')
  const gateway = await start(log, 'well')
  await gateway.ask(0)
  await gateway.order({ away: 'refuse' })
  await disk.fill(256 * 1024)
  await untilRefused(gateway)
  const page = await request(`${gateway.origin}/x`, {
    headers: { host: 'app.localhost', accept: 'text/html' },
  })
  expect(page.statusCode).toBe(503)
  expect(page.headers['retry-after']).toBe('5')
  const text = await page.body.text()
  expect(text).toContain('Access decisions can not be recorded at the moment, so none is made.')
  expect(text).toContain('Try again in a minute.')
  // Break glass is there for such days.
  expect((await gateway.evaluate({ type: 'service', id: 'root' })).status).toBe(200)
  expect((await gateway.evaluate({ type: 'user', id: 'alice' })).status).toBe(503)

  await disk.free()
  await gateway.order({ away: 'well' })
  await eventually('requests are served again', async () => (await gateway.ask(2)).status === 200)
  await eventually('the spool is empty', async () => (await gateway.order({})).note === null)
  const { acknowledged } = gateway
  expect(await gateway.stop()).toBe(0)
  const decisions = await stored(log)
  const ids = new Set(decisions.map(({ id }) => id))
  expect(acknowledged.length).toBeGreaterThan(2)
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
  expect(ids.size).toBe(decisions.length)
  expect(verifyChain(decisions)).toMatchObject({ boots: 1, problems: [] })
  const losses = decisions.map(lossOf).filter((loss) => loss !== null)
  expect(losses.at(-1)).toMatchObject({ state: 'ended', cause: 'spool_full' })
  expect(losses.at(-1)?.refused).toBeGreaterThan(0)
})

it('refuses when the embedded log is on the full disk too, and goes on by itself when there is room', async (context) => {
  if (disk === null) {
    context.skip()
    return
  }
  const log = join(disk.path, 'log')
  const gateway = await start(log, 'well')
  await gateway.ask(0)
  await disk.fill(0)
  await untilRefused(gateway)
  await disk.free()
  await eventually('requests are served again', async () => (await gateway.ask(2)).status === 200)
  await eventually('the spool is empty', async () => (await gateway.order({})).note === null)
  const { acknowledged } = gateway
  expect(await gateway.stop()).toBe(0)
  const decisions = await stored(log)
  const ids = new Set(decisions.map(({ id }) => id))
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
  expect(ids.size).toBe(decisions.length)
  expect(verifyChain(decisions)).toMatchObject({ boots: 1, problems: [] })
})

it('serves without a record where the configuration says so, and owns up to it in the chain, though it is killed', async (context) => {
  if (disk === null) {
    context.skip()
    return
  }
  const log = join(dir.path, 'log')
  const gateway = await start(log, 'well', { when_full: 'serve', max_bytes: 2 * MIB })
  await gateway.order({ away: 'refuse' })
  const load = gateway.load(8)
  await eventually('the spool is full', async () =>
    (await gateway.order({})).metrics.includes('\ngatewatch_gateway_spool_full 1\n'),
  )
  await load.stop()
  const answer = await gateway.ask(1)
  expect(answer).toMatchObject({ status: 200, id: null })
  const { acknowledged } = gateway
  await gateway.kill()

  const next = await start(log, 'well')
  await eventually('the spool is empty', async () => (await next.order({})).note === null)
  expect(await next.stop()).toBe(0)
  const decisions = await stored(log)
  const ids = new Set(decisions.map(({ id }) => id))
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
  expect(ids.size).toBe(decisions.length)
  expect(verifyChain(decisions).problems).toEqual([])
  // How much was lost died with the process; that there was a loss, and from when on, did not.
  const losses = decisions.map(lossOf).filter((loss) => loss !== null)
  expect(losses).toMatchObject([{ state: 'began', cause: 'spool_full', served: 1 }])
})
