import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import {
  accessScored,
  control,
  riskState,
  scoringSnapshots,
  scoringState,
  type LogTopic,
} from '../../schemas/topics.ts'
import { copyCluster, removeExports } from '../../services/backup/copy-cluster.ts'
import { readManifest } from '../../services/backup/manifest.ts'
import { restoreBackup } from '../../services/backup/restore-backup.ts'
import { takeBackup } from '../../services/backup/take-backup.ts'
import { openKey } from '../../services/backup/verify-backup.ts'
import { openDataDir } from '../../services/runtime/data-dir.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { untilTaken } from '../support/log/log-load.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { openTokens } from '../../services/runtime/tokens.ts'

const KEY = 'a key that is kept elsewhere'
const topics = [accessScored, riskState, scoringState, control, scoringSnapshots]
const told = () => {}

async function contents(eventLog: EventLog, topic: LogTopic): Promise<Record<string, string>> {
  const table = await eventLog.openTable(topic)
  await table.caughtUp()
  const entries = [...table.entries()].map(([key, value]) => [key, Buffer.from(value).toString('hex')])
  await table.close()
  return Object.fromEntries(entries)
}

async function partitionOf(eventLog: EventLog, topic: LogTopic, wanted: string): Promise<number[]> {
  const found: number[] = []
  for (const { partition } of await eventLog.watermarks(topic))
    for await (const records of eventLog.read(topic, { partition }))
      if (records.some(({ key }) => key === wanted)) found.push(partition)
  return found
}

it.each(logDrivers().filter(({ skip }) => !skip))(
  'a deployment whose log is kept elsewhere, on the $name log: keys, tokens, compacted topics and positions come back, into topics that are empty, and only there',
  async ({ open: openDriver }) => {
    // given a log with state, one key of it removed and one in a partition of its own choice, and a group in the midst
    const root = await mkdtemp(join(tmpdir(), 'gatewatch-cluster-'))
    const drivers = [await openDriver(), await openDriver(), await openDriver()]
    const [from, into, mirrored] = await Promise.all(drivers.map((driver) => driver.open()))
    if (from === undefined || into === undefined || mirrored === undefined) return
    onTestFinished(async () => {
      await from.close()
      await into.close()
      await mirrored.close()
      for (const driver of drivers) await driver.close()
      await rm(root, { recursive: true, force: true })
    })
    const record = (topic: LogTopic, key: string, value: Uint8Array | string | null) => ({
      topic,
      key,
      value,
    })
    const records = [
      ...Array.from({ length: 1200 }, (_, n) => record(riskState, `default/subject/${n}`, `state ${n}`)),
      record(riskState, 'default/subject/7', null),
      { ...record(scoringState, 'default/x', new Uint8Array([0, 255, 10, 13])), partition: 2 },
      record(accessScored, 'default/a', '{}'),
      record(scoringSnapshots, 'subject/1/default/x', 'a snapshot'),
      jsonRecord(control, {
        schema_version: 1,
        kind: 'snapshots',
        tenant: 'default',
        name: 'snapshots/subject/2',
        at: new Date().toISOString(),
        stage: 'subject',
        partition: 2,
        state_offset: 5000,
        base_slot: null,
        marks: [],
      }),
      jsonRecord(control, {
        schema_version: 1,
        kind: 'verification',
        tenant: 'default',
        name: 'verification',
        at: new Date().toISOString(),
        verified_to: null,
        sweep_to: null,
        problems: 0,
        undecided: 0,
      }),
    ]
    await untilTaken(() => from.append(records))
    const consumption = await from.consume({ group: 'storage', topics: [accessScored], handle: () => [] })
    await consumption.drained()
    await consumption.stop()
    const dataDir = await openDataDir(join(root, 'data'))
    const token = await (await openTokens(dataDir)).create({ name: 'alice', scopes: ['analyst'] })

    // when it is backed up, and restored
    const to = join(root, 'backup')
    const source = { dataDir, eventLog: from, topics, groups: ['storage'], store: null, told }
    await takeBackup({
      to,
      key: KEY,
      gatewatch_version: '0.1.0',
      now: Date.now,
      told,
      copy: (id, seal) => copyCluster(source, id, seal),
      done: (id) => removeExports(dataDir, id),
    })
    const manifest = await readManifest(to)
    const restore = (dataDirOf: string, eventLog: EventLog) =>
      restoreBackup({
        directory: to,
        manifest,
        key: openKey(manifest, KEY),
        dataDir: join(root, dataDirOf),
        logger: pino({ level: 'silent' }),
        now: Date.now,
        told,
        kafka: { eventLog, topics },
        server: null,
        finish: () => Promise.resolve(),
      })
    await restore('restored', into)

    // then both hold the same, where it belongs
    for (const topic of [riskState, scoringState])
      expect(await contents(into, topic)).toEqual(await contents(from, topic))
    expect(Object.keys(await contents(into, riskState))).toHaveLength(1199)
    expect(await partitionOf(into, scoringState, 'default/x')).toEqual([2])
    // What is said of offsets is said of a log that is no more.
    expect(await contents(into, scoringSnapshots)).toEqual({})
    expect(Object.keys(await contents(into, control))).toEqual(['default/verification'])
    const stood = [...(await from.committed('storage', accessScored)).values()]
    expect(Math.max(...stood)).toBeGreaterThan(0)
    expect(Object.values(manifest.committed).toSorted((a, b) => a - b)).toEqual(
      stood.toSorted((a, b) => a - b),
    )
    const restored = await openDataDir(join(root, 'restored'))
    expect((await openTokens(restored)).verify(token)).toMatchObject({ name: 'alice' })
    expect(JSON.parse(await readFile(join(restored, 'gateway', 'restored.json'), 'utf8'))).toMatchObject({
      backup_id: manifest.id,
    })

    // and a log that holds something already is left as it is
    await expect(restore('again', into)).rejects.toThrow(/The topic risk.state.v1 is not empty/)
    await mirrored.append([record(accessScored, 'default/a', '{}')])
    await expect(restore('mirrored-data', mirrored)).rejects.toThrow(
      /access.scored.v1 holds records and the group storage has no position/,
    )
    const back = await mirrored.consume({ group: 'storage', topics: [accessScored], handle: () => [] })
    await back.drained()
    await back.stop()
    await restore('mirrored-data-2', mirrored)
    expect(Object.keys(await contents(mirrored, control))).toHaveLength(2)
    const other = await openEmbeddedLog({ directory: join(root, 'other'), partitions: 2 })
    onTestFinished(() => other.close())
    await expect(restore('other-data', other)).rejects.toThrow(/had 4 partitions and has 2/)
  },
)
