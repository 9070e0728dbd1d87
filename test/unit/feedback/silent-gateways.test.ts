import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { Finding } from '../../../schemas/finding.ts'
import { accessFindings, control } from '../../../schemas/topics.ts'
import type { Heartbeat } from '../../../services/feedback/gateway-heartbeats.ts'
import { SilentGateways } from '../../../services/feedback/silence/silent-gateways.ts'
import { watchSilence } from '../../../services/feedback/silence/watch-silence.ts'
import { openStory } from '../../../services/feedback/stories/tell.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import { eventually } from '../../support/eventually.ts'
import { Desk } from '../../support/feedback/ledger-desk.ts'

const AT = Date.parse('2026-03-01T12:00:00.000Z')
const MINUTE = 60_000
const KEY = 'default/pep/edge'

function beat(ms: number, changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    schema_version: 1,
    kind: 'heartbeat',
    tenant: 'default',
    name: 'pep/edge',
    at: new Date(ms).toISOString(),
    pep_id: 'edge',
    boot_id: 'boot',
    seq: 41,
    policy_revision: 'r1',
    risk_age_ms: 0,
    ...changes,
  }
}

/** Looks every ten seconds, as far as `toMs`; gives what was told. */
function look(gateways: SilentGateways, fromMs: number, toMs: number): Finding[] {
  const told: Finding[] = []
  for (let ms = fromMs; ms <= toMs; ms += 10_000) {
    for (const silence of gateways.due(ms)) {
      told.push(Finding.parse(silence.finding))
      silence.told()
    }
  }
  return told
}

describe('a gateway that falls silent', () => {
  it('is a finding after a minute, HIGH after five, and over with its next beat; one id, and no risk to anybody', () => {
    const gateways = new SilentGateways()
    gateways.beat(KEY, beat(AT), AT)
    const told = look(gateways, AT, AT + 8 * MINUTE)
    gateways.beat(KEY, beat(AT + 8 * MINUTE, { boot_id: 'next', seq: -1 }), AT + 8 * MINUTE)
    told.push(...look(gateways, AT + 8 * MINUTE, AT + 8 * MINUTE))
    expect(
      told.map(({ revision, risk_level, closed_at }) => [revision, risk_level, closed_at !== undefined]),
    ).toEqual([
      [1, 'MEDIUM', false],
      [2, 'HIGH', false],
      [3, 'HIGH', true],
    ])
    expect(new Set(told.map(({ id }) => id)).size).toBe(1)
    expect(told[0]).toMatchObject({
      entity: { type: 'pep', id: 'edge' },
      evidence_nats: 0,
      evidence: { last_heartbeat_at: '2026-03-01T12:00:00.000Z', last_seq: 41, silent_seconds: 60 },
    })
    const desk = new Desk()
    desk.now_ms = AT + 9 * MINUTE
    desk.take(...told)
    expect(desk.book.states.size).toBe(0)
    expect(desk.open).toEqual([])
    expect(desk.closed).toMatchObject([{ state: 'closed', finding_ids: [told[0]?.id] }])
  })

  it('that was stopped in order, that only beats, whose clock is wrong, or that was gone long before, is none', () => {
    const gateways = new SilentGateways()
    gateways.beat('default/pep/stopped', beat(AT, { pep_id: 'stopped', stopping: true }), AT)
    gateways.beat('default/pep/gone', beat(AT - 3 * 86_400_000, { pep_id: 'gone' }), AT)
    const told: Finding[] = []
    for (let ms = AT; ms < AT + 10 * MINUTE; ms += 5000) {
      gateways.beat(KEY, beat(ms), ms)
      gateways.beat('default/pep/slow', beat(ms - 3_600_000, { pep_id: 'slow' }), ms)
      told.push(...look(gateways, ms, ms))
    }
    expect(told).toEqual([])
  })

  it('is none where this process itself slept, and heard nobody', () => {
    const gateways = new SilentGateways()
    gateways.beat(KEY, beat(AT), AT)
    expect(look(gateways, AT, AT + 10_000)).toEqual([])
    expect(look(gateways, AT + 600 * MINUTE, AT + 600 * MINUTE + 20_000)).toEqual([])
    expect(look(gateways, AT + 600 * MINUTE + 30_000, AT + 601 * MINUTE)).toHaveLength(1)
  })

  it('is over after a day as well: it was taken away', () => {
    const gateways = new SilentGateways()
    gateways.beat(KEY, beat(AT), AT)
    const told = look(gateways, AT, AT + 25 * 60 * MINUTE)
    expect(told).toHaveLength(3)
    expect(told.at(-1)?.summary).toContain('taken to be gone')
  })

  it('is told by a process that starts anew under the same id, and closed there when it came back meanwhile', () => {
    const first = new SilentGateways()
    first.beat(KEY, beat(AT), AT)
    const [told] = look(first, AT, AT + 2 * MINUTE)
    if (told === undefined) throw new Error('nothing was told')
    const again = new SilentGateways()
    again.beat(KEY, beat(AT), AT + 3 * MINUTE)
    expect(look(again, AT + 3 * MINUTE, AT + 4 * MINUTE).map(({ id, revision }) => [id, revision])).toEqual([
      [told.id, 1],
    ])
    const back = new SilentGateways()
    back.beat(KEY, beat(AT + 3 * MINUTE, { boot_id: 'next' }), AT + 3 * MINUTE)
    back.restore(openStory(told))
    expect(look(back, AT + 3 * MINUTE, AT + 3 * MINUTE)).toMatchObject([
      { id: told.id, revision: 3, first_observed_at: told.first_observed_at },
    ])
  })
})

it('what a gateway that was killed leaves in the log becomes a finding there, and closes', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-silence-'))
  const eventLog = await openEmbeddedLog({ directory, partitions: 1 })
  const clock = { ms: AT }
  await eventLog.append([jsonRecord(control, beat(AT))])
  const watch = await watchSilence({
    eventLog,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    now: () => clock.ms,
    leads: () => true,
    look_every_ms: 10,
  })
  onTestFinished(async () => {
    await watch.close()
    await eventLog.close()
    await rm(directory, { recursive: true, force: true })
  })
  const findings = async () => {
    const found: Finding[] = []
    for await (const records of eventLog.read(accessFindings, { partition: 0 }))
      for (const { value } of records)
        found.push(Finding.parse(JSON.parse(Buffer.from(value ?? []).toString())))
    return found
  }
  await eventually('the finding', async () => {
    clock.ms += 5000
    return (await findings()).some(({ risk_level }) => risk_level === 'HIGH')
  })
  await eventLog.append([jsonRecord(control, beat(clock.ms, { boot_id: 'next' }))])
  await eventually('its end', async () => (await findings()).at(-1)?.closed_at !== undefined)
  expect((await findings()).map(({ revision }) => revision)).toEqual([1, 2, 3])
})
