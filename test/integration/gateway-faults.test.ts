import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { Control } from '../../schemas/control.ts'
import { lossOf } from '../../schemas/loss.ts'
import { control } from '../../schemas/topics.ts'
import { enrolDevice } from '../../services/gateway/enrol-device.ts'
import { readRecord } from '../../services/runtime/log/json-record.ts'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayPlace } from '../support/gateway/gateway-place.ts'
import { listenOn, readDecisions } from '../support/gateway/gateway.ts'
import type { TestGateway } from '../support/gateway/gateway.ts'
import { readersThatKeepUp } from '../support/gateway/readers-that-keep-up.ts'
import { unreachableLog } from '../support/log/unreachable-log.ts'

const HOST = 'app.localhost'
const place = gatewayPlace()

function policy(rules = `[{ id: all, when: 'true', outcome: permit }]`, more = ''): string {
  return `version: 1
policy: p
break_glass: ['service:root']
routes:
  - id: app
    host: ${HOST}
    path: /**
    upstream: ${place.upstream.url}
    app: app
    public: true
    ${more}
    rules: ${rules}
`
}

const { start } = place

async function get(gateway: TestGateway, path = '/x', headers: Record<string, string> = {}) {
  const answer = await request(`${gateway.origin}${path}`, { headers: { host: HOST, ...headers } })
  return { status: answer.statusCode, body: await answer.body.text(), headers: answer.headers }
}

async function metric(gateway: TestGateway, name: string): Promise<string[]> {
  return (await gateway.runtime.metrics.metrics()).split('\n').filter((line) => line.startsWith(name))
}

describe('when the log is away', () => {
  it('serves, says that decisions wait, and brings them into the log in order when it is back', async () => {
    const away = unreachableLog(place.log)
    const gateway = await start(policy(), {}, away.eventLog)
    expect((await get(gateway)).status).toBe(200)
    away.become('refuse')
    const ids: unknown[] = []
    for (let turn = 0; turn < 20; turn += 1) {
      const answer = await get(gateway)
      expect(answer.status).toBe(200)
      ids.push(answer.headers['x-gatewatch-decision-id'])
    }
    expect(gateway.note()).toMatch(/^20 decisions wait for the event log in the spool, \d+ % of its bound$/)
    expect(await metric(gateway, 'gatewatch_gateway_spool_waiting_decisions 20')).toHaveLength(1)
    expect(await readDecisions(place.log)).toHaveLength(1)
    away.become('well')
    await eventually('the spool is empty', () => gateway.note() === null)
    const decisions = await gateway.decisions()
    expect(decisions.slice(1).map(({ id }) => id)).toEqual(ids)
    expect(verifyChain(decisions).problems).toEqual([])
  })

  it('answers while the log hangs, and looks up what was under way before it repeats it', async () => {
    const away = unreachableLog(place.log)
    const gateway = await start(policy(), { spool: { after: '25ms' } }, away.eventLog)
    await get(gateway)
    away.become('hang')
    for (let turn = 0; turn < 30; turn += 1) expect((await get(gateway)).status).toBe(200)
    away.become('well')
    await eventually('the spool is empty', () => gateway.note() === null)
    const ids = (await gateway.decisions()).map(({ id }) => id)
    expect(new Set(ids).size).toBe(31)
    expect(ids).toHaveLength(31)
  })

  it.each(['deaf', 'mute'] as const)(
    'appends nothing twice when the log took it and the answer was lost (%s)',
    async (kind) => {
      const away = unreachableLog(place.log)
      const gateway = await start(policy(), { spool: { after: '25ms' } }, away.eventLog)
      await get(gateway)
      away.become(kind)
      for (let turn = 0; turn < 10; turn += 1) expect((await get(gateway)).status).toBe(200)
      away.become('well')
      await eventually('the spool is empty', () => gateway.note() === null)
      const decisions = await gateway.decisions()
      expect(decisions.map(({ pep }) => pep?.seq)).toEqual(Array.from({ length: 11 }, (_, seq) => seq))
      expect(verifyChain(decisions).problems).toEqual([])
    },
  )

  it('refuses when more decisions wait in memory than the queue holds, and says in the chain how many', async () => {
    const away = unreachableLog(place.log)
    const gateway = await start(policy(), { limits: { queue: 10 } }, away.eventLog)
    away.become('hang')
    const answers = Array.from({ length: 25 }, () => get(gateway))
    await eventually(
      'the refusals',
      async () =>
        (await metric(gateway, 'gatewatch_gateway_unrecorded_total{cause="queue_full"} 15')).length === 1,
    )
    away.become('well')
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(statuses.filter((status) => status === 503)).toHaveLength(15)
    const losses = await eventually('the loss', async () => {
      const found = (await gateway.decisions()).map(lossOf).filter((loss) => loss !== null)
      return found.length > 0 && found
    })
    expect(losses).toMatchObject([{ state: 'ended', cause: 'queue_full', refused: 15, served: 0 }])
  })
})

describe('policy file', () => {
  it('takes a changed policy without a restart, and keeps the old one when the new is wrong', async () => {
    const gateway = await start(policy())
    const file = join(place.path, 'policy.yaml')
    expect((await get(gateway)).status).toBe(200)
    await writeFile(file, policy(`[{ id: none, when: 'false', outcome: permit }]`))
    await eventually('the new policy', async () => (await get(gateway)).status === 403)
    await writeFile(file, policy(`[{ id: none, when: 'subject.nothing', outcome: permit }]`))
    await pause(1300)
    expect((await get(gateway)).status).toBe(403)
    await writeFile(file, policy())
    await eventually('the mended policy', async () => (await get(gateway)).status === 200)
    const revisions = new Set((await gateway.decisions()).map((decision) => decision.policy?.revision))
    expect(revisions.size).toBe(2)
  })

  it('starts nothing on a wrong policy, and lists its mistakes', async () => {
    await expect(start(policy(`[{ id: x, when: 'nobody.id == 1', outcome: maybe }]`))).rejects.toThrow(
      /2 mistakes.*\n.*policy\.yaml:\d+:\d+: routes\[0\]\.rules\[0\]\.when: Unknown variable: nobody\n.*outcome/s,
    )
    await expect(start(policy(), { policy_file: join(place.path, 'none.yaml') })).rejects.toThrow(
      /can't be read; correct gateway\.policy_file/,
    )
    await expect(start(policy(), { policy_file: undefined })).rejects.toThrow(/set gateway\.policy_file/)
  })
})

it('says which setting moves it when its port is taken', async () => {
  const other = createServer()
  const port = await listenOn(other)
  await expect(start(policy(), { listen: { port } })).rejects.toThrow(
    new RegExp(`Port ${port} .* taken .* gateway\\.listen\\.port`),
  )
  await expect(start(policy(), { decision_point: { port } })).rejects.toThrow(/gateway\.decision_point\.port/)
  await new Promise((resolve) => other.close(resolve))
})

it('says in one page that the identity provider does not answer, and starts without it', async () => {
  const text = policy().replace('public: true', 'public: false')
  const gateway = await start(text, { oidc: { issuer: 'http://127.0.0.1:9', client_id: 'x', timeout: '1s' } })
  const page = await get(gateway, '/x', { accept: 'text/html' })
  expect(page.status).toBe(503)
  expect(page.body).toContain('gateway.oidc.issuer')
  const token = await get(gateway, '/x', { authorization: 'Bearer a.b.c' })
  expect(token.status).toBe(503)
  expect((await gateway.decisions()).at(-1)?.reasons).toEqual(['identity_provider_unreachable'])
})

it('beats for its enforcement point: boot, highest durable number, policy, age of risk', async () => {
  const gateway = await start(policy(), { pep_id: 'edge-1' })
  await get(gateway)
  await get(gateway)
  await place.stop(gateway)
  const table = await place.log.openTable(control)
  // The last one is not waited for where the disk is slow.
  const beat = await eventually('the last beat', async () => {
    await table.caughtUp()
    const value = readRecord(Control, { value: table.get('default/pep/edge-1') ?? null })
    return value?.kind === 'heartbeat' && value.seq === 1 && value
  })
  await table.close()
  const [decision] = await gateway.decisions()
  expect(beat).toMatchObject({
    kind: 'heartbeat',
    pep_id: 'edge-1',
    boot_id: decision?.pep?.boot_id,
    seq: 1,
    policy_revision: decision?.policy?.revision,
  })
})

describe('age of risk', () => {
  it('is small while everything is read, and grows from the first decision that nobody scores', async () => {
    const text = policy().replace('routes:', 'risk_stale_after_s: 6\nroutes:')
    const gateway = await start(text)
    expect((await get(gateway, '/a')).status).toBe(200)
    const [served] = await gateway.decisions()
    expect(served?.risk_at_decision?.age_ms).toBeLessThan(6000)
    // Nobody scores here, so what was decided since is not known to be harmless.
    const late = await eventually('a stale decision', async () => {
      await pause(200)
      await get(gateway)
      return (await gateway.decisions()).find(({ reasons }) => reasons?.includes('risk_stale'))
    })
    expect(late.risk_at_decision?.age_ms).toBeGreaterThan(6000)
    expect(late.outcome).toBe('permit')
  })

  it('stays small while scoring and feedback keep up', async () => {
    const readers = await readersThatKeepUp(place.log)
    const began = Date.now()
    const gateway = await start(policy())
    // One that is made just when the machine stood still knows less; the next one knows of it.
    const young = await eventually('risk that is younger than the gateway by far', async () => {
      await pause(50)
      await get(gateway)
      const age_ms = (await gateway.decisions()).at(-1)?.risk_at_decision?.age_ms ?? Infinity
      return Date.now() - began > 2000 && age_ms < 1000 && { age_ms }
    })
    expect(young.age_ms).toBeGreaterThanOrEqual(0)
    await readers.stop()
  })
})

describe('devices', () => {
  it('counts a device that enrolment gave a cookie, and one that a trusted proxy names; not one that names itself', async () => {
    const code = await enrolDevice(place.log, place.path, {
      tenant: 'default',
      id: 'laptop-1',
      managed: true,
      os: 'linux',
      posture: 'compliant',
      tier: 'highly_privileged',
      owner: 'alice',
      key_thumbprint: null,
    })
    const rules = `[{ id: known, when: 'device.known && device.managed', outcome: permit }]`
    const gateway = await start(policy(rules))
    expect((await get(gateway)).status).toBe(403)
    expect((await get(gateway, '/x', { 'x-gatewatch-device': 'laptop-1' })).status).toBe(403)
    const enrolled = await get(gateway, `/.gatewatch/enrol?code=${code}`)
    expect(enrolled.status).toBe(200)
    const cookie = String(enrolled.headers['set-cookie']).split(';')[0] ?? ''
    expect((await get(gateway, '/x', { cookie })).status).toBe(200)
    expect((await gateway.decisions()).at(-1)).toMatchObject({
      device: { id: 'laptop-1', managed: true, posture: 'compliant', tier: 'privileged' },
    })
    expect(place.upstream.seen.at(-1)?.headers['x-gatewatch-device']).toBe('laptop-1')
    expect(place.upstream.seen.at(-1)?.headers.cookie).toBeUndefined()
    expect((await get(gateway, '/.gatewatch/enrol?code=wrong')).status).toBe(403)
    // A code is no cookie, and a cookie no code.
    expect((await get(gateway, '/x', { cookie: `gatewatch_device=${code}` })).status).toBe(403)

    const behind = await start(policy(rules), { pep_id: 'behind', trusted_proxies: ['127.0.0.0/8'] })
    expect((await get(behind, '/x', { 'x-gatewatch-device': 'laptop-1' })).status).toBe(200)
    expect((await get(behind, '/x', { 'x-gatewatch-device': 'laptop-2' })).status).toBe(403)
  })
})
