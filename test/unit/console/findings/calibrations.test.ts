import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { control } from '../../../../schemas/topics.ts'
import { openCalibrations } from '../../../../services/console/findings/calibrations.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../../../services/runtime/log/json-record.ts'

const directory = await mkdtemp(join(tmpdir(), 'gatewatch-calibrations-'))
const stops: (() => Promise<void>)[] = []
let eventLog: EventLog
let logs = 0

beforeEach(async () => {
  const opened = await openEmbeddedLog({ directory: join(directory, String(++logs)) })
  stops.push(() => opened.close())
  eventLog = opened
})

afterAll(async () => {
  for (const stop of stops) await stop()
  await rm(directory, { recursive: true, force: true })
})

const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString()

function calibration(tenant: string, version: number, made_at = day(version), budget_per_day = 20) {
  return jsonRecord(control, {
    schema_version: 1,
    kind: 'calibration',
    tenant,
    name: `calibration/${version}`,
    at: made_at,
    calibration: { version, made_at, budget_per_day, days: 1, threshold_nats: null, tables: [] },
  })
}

function beat(n: number, pep = 'calibration/1') {
  return jsonRecord(control, {
    schema_version: 1,
    kind: 'heartbeat',
    tenant: 'default',
    name: `pep/${pep}`,
    at: day(n),
    pep_id: 'edge',
    boot_id: 'boot',
    seq: n,
    policy_revision: 'r',
    risk_age_ms: 0,
  })
}

/** The log, and every record that was read from it. */
function watched() {
  const offsets: number[] = []
  return {
    offsets,
    watermarks: (topic: Parameters<EventLog['watermarks']>[0]) => eventLog.watermarks(topic),
    async *read(...asked: Parameters<EventLog['read']>) {
      for await (const records of eventLog.read(...asked)) {
        offsets.push(...records.map(({ offset }) => offset))
        yield records
      }
    },
  }
}

it('gives the newest that was made by then, of its tenant alone', async () => {
  await eventLog.append([
    calibration('default', 1),
    calibration('default', 3),
    calibration('other', 2),
    beat(4),
    calibration('default', 2, day(2)),
  ])
  const calibrations = openCalibrations(eventLog)
  const versionAt = async (tenant: string, instant: string) =>
    (await calibrations.newestBefore(tenant, instant))?.version ?? null
  expect(await versionAt('default', day(9))).toBe(3)
  expect(await versionAt('default', day(3))).toBe(3)
  expect(await versionAt('default', '2026-01-02T23:59:59.999Z')).toBe(2)
  expect(await versionAt('default', '2025-12-31T00:00:00.000Z')).toBeNull()
  expect(await versionAt('other', day(9))).toBe(2)
  expect(await versionAt('none', day(9))).toBeNull()
})

it('reads what is new since it asked last, and one record of what it knows', async () => {
  await eventLog.append([calibration('default', 1), ...Array.from({ length: 50 }, (_, n) => beat(n, 'edge'))])
  const log = watched()
  const calibrations = openCalibrations(log)
  await calibrations.newestBefore('default', day(30))
  expect(log.offsets).toEqual([...Array.from({ length: 51 }, (_, n) => n), 0])
  log.offsets.length = 0

  // Asked again at once, by several: nothing is read.
  await Promise.all([1, 2, 3].map(() => calibrations.newestBefore('default', day(30))))
  expect(log.offsets).toEqual([])

  await eventLog.append([beat(51, 'edge'), calibration('default', 2)])
  expect((await calibrations.newestBefore('default', day(30)))?.version).toBe(2)
  expect(log.offsets).toEqual([51, 52, 52])
})

it('follows one that was written anew under its key, and one that was taken back', async () => {
  const calibrations = openCalibrations(eventLog)
  await eventLog.append([calibration('default', 1), calibration('default', 2)])
  expect((await calibrations.newestBefore('default', day(9)))?.budget_per_day).toBe(20)
  await eventLog.append([calibration('default', 2, day(2), 7)])
  expect((await calibrations.newestBefore('default', day(9)))?.budget_per_day).toBe(7)
  await eventLog.append([{ topic: control, key: 'default/calibration/2', value: null }])
  expect((await calibrations.newestBefore('default', day(9)))?.version).toBe(1)
})

it('remembers so many and no more, and still finds what it has forgotten', async () => {
  const versions = Array.from({ length: 20 }, (_, n) => n + 1)
  await eventLog.append(versions.map((version) => calibration('default', version)))
  const log = watched()
  const calibrations = openCalibrations(log, { most_known: 5, most_held: 2 })
  for (const version of versions)
    expect((await calibrations.newestBefore('default', day(version)))?.version).toBe(version)
  log.offsets.length = 0
  for (const version of [19, 20, 18]) await calibrations.newestBefore('default', day(version))
  // Two are held, the third is read again.
  expect(log.offsets).toEqual([17])
})
