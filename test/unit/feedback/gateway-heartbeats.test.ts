import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import { watchHeartbeats } from '../../../services/feedback/gateway-heartbeats.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import { eventually } from '../../support/eventually.ts'

const AT = Date.parse('2026-03-01T12:00:00.000Z')

function beat(pep_id: string, ms: number): Control {
  return {
    schema_version: 1,
    kind: 'heartbeat',
    tenant: 'default',
    name: `pep/${pep_id}`,
    at: new Date(ms).toISOString(),
    pep_id,
    boot_id: 'boot',
    seq: 4,
    policy_revision: 'r1',
    risk_age_ms: 0,
  }
}

it('tells how long each gateway has been silent, until it is forgotten after a day', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-heartbeats-'))
  const eventLog = await openEmbeddedLog({ directory, partitions: 1 })
  const append = (...beats: Control[]) => eventLog.append(beats.map((one) => jsonRecord(control, one)))
  const registry = new Registry()
  const clock = { ms: AT }
  // one beat before the watch begins
  await append(beat('edge-1', AT - 30_000))
  const watch = await watchHeartbeats(eventLog, registry, () => clock.ms)
  onTestFinished(async () => {
    await watch.close()
    await eventLog.close()
    await rm(directory, { recursive: true, force: true })
  })
  const ages = async () => {
    const text = await registry.metrics()
    return Object.fromEntries(
      [...text.matchAll(/heartbeat_age_seconds\{tenant="default",pep_id="([^"]+)"\} (\S+)/g)].map(
        ([, pep, age]) => [pep, Number(age)],
      ),
    )
  }
  await eventually('the beat that was there', async () => (await ages())['edge-1'] === 30)

  await append(beat('edge-1', AT - 1000), beat('edge-2', AT))
  await eventually('both gateways', async () => (await ages())['edge-2'] === 0)
  expect(await ages()).toEqual({ 'edge-1': 1, 'edge-2': 0 })

  clock.ms = AT + 86_399_500
  await append(beat('edge-2', clock.ms))
  await eventually('the one that lives', async () => (await ages())['edge-2'] === 0)
  expect(await ages()).toEqual({ 'edge-2': 0 })
})
