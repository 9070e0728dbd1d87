import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, it } from 'vitest'
import { Alert } from '../../schemas/alert.ts'
import { lossOf } from '../../schemas/loss.ts'
import { alertsOutbox } from '../../schemas/topics.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { fromLog } from '../../services/gateway/log-at-start.ts'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayPlace } from '../support/gateway/gateway-place.ts'
import { readDecisions } from '../support/gateway/gateway.ts'
import type { TestGateway } from '../support/gateway/gateway.ts'
import { readersThatKeepUp } from '../support/gateway/readers-that-keep-up.ts'
import { openPolicy } from '../support/gateway/spooling-gateway.ts'
import { unreachableLog } from '../support/log/unreachable-log.ts'

const place = gatewayPlace()

function start(
  eventLog: EventLog,
  spool: Record<string, unknown> = {},
  { policy = openPolicy(place.upstream.url), limits = {} }: { policy?: string; limits?: object } = {},
) {
  return place.start(policy, { spool: { after: '10s', ...spool }, limits }, eventLog)
}

async function get(gateway: TestGateway, path = '/x') {
  const answer = await request(`${gateway.origin}${path}`, { headers: { host: 'app.localhost' } })
  await answer.body.dump()
  return answer.statusCode
}

async function evaluate(gateway: TestGateway, type: string, id: string): Promise<unknown> {
  const token = await gateway.tokens.create({ name: 'pep', scopes: ['decision-point'] })
  const response = await fetch(`${gateway.decisionPoint}/access/v1/evaluation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      subject: { type, id },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/x' },
      context: { http: { host: 'app.localhost', path: '/x' } },
    }),
  })
  return response.status
}

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const line = (await gateway.runtime.metrics.metrics()).split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}

const drained = (gateway: TestGateway) => eventually('the spool is empty', () => gateway.note() === null)

const REFUSED = 'gatewatch_gateway_unrecorded_total{cause="spool_full"}'

/** Long paths fill a spool sooner. */
async function fill(gateway: TestGateway): Promise<void> {
  const path = `/${'a'.repeat(1900)}`
  await eventually('a refusal', async () => {
    await Promise.all(Array.from({ length: 20 }, () => get(gateway, path)))
    return (await metric(gateway, REFUSED)) > 0
  })
}

async function alerts(): Promise<Alert[]> {
  const found: Alert[] = []
  for (const { partition } of await place.log.watermarks(alertsOutbox))
    for await (const records of place.log.read(alertsOutbox, { partition }))
      for (const { value } of records)
        if (value !== null) found.push(Alert.parse(JSON.parse(new TextDecoder().decode(value))))
  return found
}

it('denies when it is full, lets break glass in and records it, says how many it refused, and tells people once', async () => {
  const away = unreachableLog(place.log)
  // Who waits for a place in it when it is full waits in vain.
  const limits = { record_timeout: '500ms' }
  const gateway = await start(away.eventLog, { max_bytes: 1_048_576 }, { limits })
  await eventually('a disk that is quick enough', async () => (await get(gateway)) === 200)
  away.become('refuse')
  await fill(gateway)
  expect(gateway.note()).toMatch(/9\d % of its bound/)
  expect(await metric(gateway, 'gatewatch_gateway_spool_full')).toBe(1)
  expect(await evaluate(gateway, 'service', 'root')).toBe(200)
  expect(await evaluate(gateway, 'user', 'alice')).toBe(503)
  expect(await metric(gateway, 'gatewatch_gateway_spool_bytes')).toBeLessThanOrEqual(1_048_576)

  away.become('well')
  await drained(gateway)
  await eventually('requests are served again', async () => (await get(gateway)) === 200)
  // What was asked meanwhile may have gone through the spool, too.
  await drained(gateway)
  const decisions = await readDecisions(place.log)
  expect(verifyChain(decisions)).toMatchObject({ boots: 1, problems: [] })
  const root = decisions.filter(({ subject }) => subject.type === 'service' && subject.id === 'root')
  expect(root).toHaveLength(1)
  const losses = decisions.map(lossOf).filter((loss) => loss !== null)
  expect(losses[0]).toMatchObject({ state: 'began', cause: 'spool_full', refused: 1, served: 0 })
  expect(losses.at(-1)).toMatchObject({ state: 'ended', cause: 'spool_full', served: 0 })
  const refused = await metric(gateway, REFUSED)
  // The decision point's refusal of alice is counted by the chain too.
  expect(losses.reduce((sum, loss) => sum + (loss.state === 'ended' ? loss.refused : 0), 0)).toBe(refused + 1)

  const told = await eventually('the alert is over', async () => {
    const all = await alerts()
    return all.at(-1)?.state === 'resolved' && all
  })
  expect(new Set(told.map(({ id }) => id)).size).toBe(1)
  expect(told[0]).toMatchObject({
    kind: 'spool',
    state: 'firing',
    severity: 'critical',
    entity: { type: 'pep', id: 'gateway' },
  })
})

it('says that decisions which waited can not be read any more: in the chain, by number, and drains the rest', async () => {
  const away = unreachableLog(place.log)
  const first = await start(away.eventLog)
  expect(await get(first)).toBe(200)
  away.become('refuse')
  for (let turn = 0; turn < 9; turn += 1) expect(await get(first)).toBe(200)
  await place.stop(first)
  const directory = join(place.path, 'gateway', 'spool', 'gateway')
  const [name = ''] = await readdir(directory)
  const bytes = await readFile(join(directory, name))
  // The middle of the file is the middle of some decision's frame.
  const middle = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  await writeFile(join(directory, name), bytes)

  away.become('well')
  const second = await start(away.eventLog)
  await drained(second)
  const decisions = await eventually('the loss is recorded', async () => {
    const found = await readDecisions(place.log)
    return found.some((decision) => (lossOf(decision)?.missing.length ?? 0) > 0) && found
  })
  const missing = decisions.flatMap((decision) => lossOf(decision)?.missing ?? [])
  expect(missing).toHaveLength(1)
  const before = decisions.filter(({ pep }) => pep?.boot_id === missing[0]?.boot_id)
  const numbers = before.map(({ pep }) => pep?.seq ?? -1)
  expect(missing[0]?.first_seq).toBe(missing[0]?.last_seq)
  expect([...numbers, missing[0]?.first_seq ?? -1].toSorted((a, b) => a - b)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ])
  expect(await metric(second, 'gatewatch_gateway_spool_missing_decisions_total')).toBe(1)
  expect((await readdir(directory)).some((file) => file.includes('.damaged-'))).toBe(true)
})

it('counts the age of risk from before what waits: nobody can have scored that', async () => {
  const readers = await readersThatKeepUp(place.log)
  const away = unreachableLog(place.log)
  const policy = openPolicy(place.upstream.url).replace('routes:', 'risk_stale_after_s: 1\nroutes:')
  const gateway = await start(away.eventLog, {}, { policy })
  await get(gateway)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await eventually('a decision that knows of all before it', async () => {
    await get(gateway)
    return ((await readDecisions(place.log)).at(-1)?.risk_at_decision?.age_ms ?? Infinity) < 1000
  })
  // Everything can be read, so every reader has read all that there is; what is decided from here on waits.
  away.become('read_only')
  await get(gateway)
  await new Promise((resolve) => setTimeout(resolve, 1800))
  await get(gateway)
  away.become('well')
  await drained(gateway)
  const last = (await readDecisions(place.log)).at(-1)
  expect(last?.risk_at_decision?.age_ms).toBeGreaterThan(1500)
  expect(last?.reasons).toContain('risk_stale')
  await readers.stop()
})

it('does not start while the log is silent, and says so in one sentence', async () => {
  await expect(fromLog(new Promise(() => {}), 20)).rejects.toMatchObject({
    code: 'ERR_LOG_UNAVAILABLE',
    message: expect.stringMatching(
      /^The event log does not answer, .* what waits in the spool stays there\.$/,
    ) as string,
  })
  const away = unreachableLog(place.log)
  away.become('refuse')
  await expect(start(away.eventLog)).rejects.toThrow('the log can not be reached')
})

it('goes on under a new key after a rotation, and refuses to start when the old one is taken away too soon', async () => {
  const keyFile = join(place.path, 'spool-keys')
  await writeFile(keyFile, `${'old-key-'.repeat(5)}\n`)
  const away = unreachableLog(place.log)
  const first = await start(away.eventLog, { key_file: keyFile })
  away.become('refuse')
  await get(first)
  await place.stop(first)
  away.become('well')
  await writeFile(keyFile, `${'new-key-'.repeat(5)}\n`)
  await expect(start(away.eventLog, { key_file: keyFile })).rejects.toThrow(
    /put that key back as a further line/,
  )
  await writeFile(keyFile, `${'new-key-'.repeat(5)}\n${'old-key-'.repeat(5)}\n`)
  const second = await start(away.eventLog, { key_file: keyFile })
  await drained(second)
  expect(await readDecisions(place.log)).toHaveLength(1)
})
