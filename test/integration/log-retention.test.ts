import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog, type EmbeddedLogOptions } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { logMetrics } from '../../services/runtime/log/log-metrics.ts'
import { eventually } from '../support/eventually.ts'

const plain: LogTopic = { name: 'kept.plain.v1', partitions: 1, retention_ms: 3_600_000, compacted: false }
const brief: LogTopic = { name: 'kept.brief.v1', partitions: 1, retention_ms: 300, compacted: false }
const table: LogTopic = { name: 'kept.table.v1', partitions: 1, retention_ms: Infinity, compacted: true }

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-retention-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function opened(options: Partial<EmbeddedLogOptions> & { directory: string }): Promise<EventLog> {
  const log = await openEmbeddedLog(options)
  onTestFinished(() => log.close())
  return log
}

/** A group that has read one record, and is away since. */
async function readOnce(log: EventLog, group: string, topic: LogTopic): Promise<void> {
  await log.append([{ topic, key: 'first', value: 'x' }])
  const consumption = await log.consume({ group, topics: [topic], handle: () => [] })
  await consumption.drained()
  await consumption.stop()
}

async function low(log: EventLog, topic: LogTopic): Promise<number> {
  return (await log.watermarks(topic))[0]?.low ?? 0
}

describe('retention', () => {
  it('removes what is older than its topic keeps, raises the low watermark, and keeps the rest', async () => {
    const directory = await temporary()
    const looking = await openEmbeddedLog({ directory, retention: { check_ms: 50 } })
    await looking.append(
      Array.from({ length: 100 }, (_, i) => ({ topic: brief, key: 'k', value: String(i) })),
    )
    await looking.append([{ topic: plain, key: 'k', value: 'stays' }])
    await eventually('removed by age', async () => (await low(looking, brief)) === 100)
    await looking.close()
    // Nothing is removed behind the back of who reads what is fresh.
    const log = await opened({ directory, retention: { check_ms: 3_600_000 } })
    await log.append([{ topic: brief, key: 'k', value: 'fresh' }])
    const read: string[] = []
    for await (const records of log.read(brief, { partition: 0 })) {
      read.push(...records.map(({ offset, value }) => `${offset} ${Buffer.from(value ?? []).toString()}`))
    }
    expect(read).toEqual(['100 fresh'])
    expect(await low(log, plain)).toBe(0)
  })

  it('removes the oldest records when the sum of bytes is over the bound, and counts those that nobody had read', async () => {
    const registry = new Registry()
    const retention = { check_ms: 50, max_bytes: 1_000_000 }
    const log = await opened({ directory: await temporary(), retention, metrics: logMetrics(registry) })
    await readOnce(log, 'slow', plain)
    const value = 'x'.repeat(1_000)
    for (let i = 0; i < 30; i++)
      await log.append(Array.from({ length: 100 }, () => ({ topic: plain, key: 'k', value })))
    await eventually('removed by bytes', async () => (await low(log, plain)) >= 2_000)
    expect((await log.watermarks(plain))[0]?.high).toBe(3_001)
    const unread = /gatewatch_log_removed_unread_records_total\{topic="kept.plain.v1"\} 2\d\d\d/
    await eventually('counted', async () => unread.test(await registry.metrics()))
    const text = await registry.metrics()
    expect(text).toMatch(/gatewatch_log_appended_records_total\{topic="kept.plain.v1"\} 3001/)
  })

  it('keeps the newest record of every key of a compacted topic for ever, in bounded space', async () => {
    const directory = await temporary()
    const log = await opened({ directory, retention: { check_ms: 50 } })
    const keys = 200
    for (let round = 0; round < 60; round++) {
      await log.append(
        Array.from({ length: keys }, (_, i) => ({
          topic: table,
          key: `key-${i}`,
          value: `${round} ${'x'.repeat(300)}`,
        })),
      )
    }
    await log.append([{ topic: table, key: 'key-0', value: null }])
    await eventually('compacted', async () => (await low(log, table)) > keys * 40)
    const held = await log.openTable(table)
    expect(held.get('key-0')).toBeUndefined()
    for (let i = 1; i < keys; i++) {
      expect(
        Buffer.from(held.get(`key-${i}`) ?? [])
          .toString()
          .slice(0, 3),
      ).toBe('59 ')
    }
    // Fewer than a thousand superseded records are not worth a pass; one takes the log block by block.
    await eventually('the pass is over', async () => {
      let records = 0
      for await (const some of log.read(table, { partition: 0 })) records += some.length
      return records < keys + 1_200
    })
    expect((await stat(join(directory, 'log.mdb'))).size).toBeLessThan(16_000_000)
  })

  it('leaves superseded records that a group has not read to the group', async () => {
    const log = await opened({ directory: await temporary(), retention: { check_ms: 50 } })
    await readOnce(log, 'reader', table)
    for (let round = 0; round < 30; round++) {
      await log.append(
        Array.from({ length: 100 }, (_, i) => ({ topic: table, key: `key-${i}`, value: String(round) })),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    let records = 0
    const again = await log.consume({
      group: 'reader',
      topics: [table],
      handle: (batch) => {
        for (const part of batch.parts) records += part.records.length
        return []
      },
    })
    await again.drained()
    expect(records).toBe(3_000)
  })
})

describe('trouble', () => {
  it('refuses a directory of another format in one sentence', async () => {
    const directory = await temporary()
    const log = await openEmbeddedLog({ directory })
    await log.close()
    const env = open(join(directory, 'log.mdb'), { encoding: 'json', maxDbs: 256 })
    await env.openDB({ name: 'format', encoding: 'json' }).put('format', 99)
    await env.close()
    await expect(openEmbeddedLog({ directory })).rejects.toMatchObject({
      code: 'ERR_DATA_DIR_VERSION',
      message: expect.stringMatching(/format 99.*data_dir/),
    })
  })

  it('says that the disk is full, takes nothing by halves, and goes on when there is room', async ({
    skip,
  }) => {
    const directory = await temporary()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory])
    skip(mounted.status !== 0, 'mounting a small file system is not allowed here')
    onTestFinished(() => void spawnSync('umount', ['-l', directory]))
    const log = await openEmbeddedLog({ directory })
    try {
      const value = 'x'.repeat(100_000)
      const fill = async () => {
        for (let i = 0; i < 100; i++)
          await log.append(Array.from({ length: 5 }, () => ({ topic: plain, key: 'k', value })))
      }
      await expect(fill()).rejects.toMatchObject({ code: 'ERR_DISK_FULL', retriable: true })
      const high = (await log.watermarks(plain))[0]?.high ?? 0
      expect(high % 5).toBe(0)
      spawnSync('mount', ['-o', 'remount,size=16m', directory])
      await log.append([{ topic: plain, key: 'k', value: 'after' }])
      expect((await log.watermarks(plain))[0]?.high).toBe(high + 1)
    } finally {
      await log.close()
    }
  })
})
