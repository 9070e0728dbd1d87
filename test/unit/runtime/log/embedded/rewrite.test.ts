import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { LogTopic } from '../../../../../schemas/topics.ts'
import { openEmbeddedLog } from '../../../../../services/runtime/log/embedded/embedded-log.ts'
import { compactLog, rewriteLog } from '../../../../../services/runtime/log/embedded/rewrite.ts'
import type { EventLog } from '../../../../../services/runtime/log/event-log.ts'
import { eventually } from '../../../../support/eventually.ts'

const byTime: LogTopic = { name: 'test.decisions', partitions: 2, retention_ms: 86_400_000, compacted: false }
const table: LogTopic = { name: 'test.states', partitions: 2, retention_ms: Infinity, compacted: true }

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatewatch-rewrite-'))
  onTestFinished(() => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  return path
}

async function texts(eventLog: EventLog, topic: LogTopic): Promise<string[]> {
  const found: string[] = []
  for (const { partition } of await eventLog.watermarks(topic))
    for await (const records of eventLog.read(topic, { partition }))
      for (const { offset, key, value } of records)
        found.push(`${partition}/${offset} ${key}=${Buffer.from(value ?? []).toString()}`)
  return found
}

it('changes records where they lie: offsets stay, a group at work goes on, a key that goes is in no table', async () => {
  const path = await directory()
  const eventLog = await openEmbeddedLog({ directory: path, partitions: 2 })
  onTestFinished(() => eventLog.close())
  const names = ['alice', 'bob', 'carol']
  for (let n = 0; n < 30; n++)
    await eventLog.append(
      names.flatMap((key) => [
        { topic: byTime, key, value: `${key} ${n} ${'x'.repeat(900)}`, headers: { of: key } },
        { topic: table, key, value: `${key} ${n}` },
      ]),
    )
  const handled: string[] = []
  const consumption = await eventLog.consume({
    group: 'reader',
    topics: [byTime],
    max_records: 7,
    handle: ({ parts }) => {
      for (const { records } of parts) for (const { key } of records) handled.push(key)
      return []
    },
  })
  const before = await texts(eventLog, byTime)
  const changed = await rewriteLog({
    directory: path,
    told: () => {},
    rewrite: (topic, { key }) =>
      key !== 'alice'
        ? 'keep'
        : topic === table.name
          ? 'remove'
          : { key: 'nobody', value: 'gone', headers: {} },
  })

  expect(Object.fromEntries(changed)).toEqual({ [byTime.name]: 30, [table.name]: 30 })
  const after = await texts(eventLog, byTime)
  expect(after.map((text) => text.split(' ')[0])).toEqual(before.map((text) => text.split(' ')[0]))
  expect(after.filter((text) => !text.includes('nobody'))).toEqual(
    before.filter((text) => !text.includes('alice')),
  )
  expect(after.filter((text) => text.endsWith('nobody=gone'))).toHaveLength(30)
  const states = await eventLog.openTable(table)
  expect([...states.entries()].map(([key]) => key).sort()).toEqual(['bob', 'carol'])
  expect(states.get('alice')).toBeUndefined()
  await eventually('everything handled', async () => handled.length === 90)
  await consumption.stop()
  // and what comes next goes on where it would have
  await eventLog.append([{ topic: byTime, key: 'bob', value: 'later' }])
  expect((await texts(eventLog, byTime)).filter((text) => text.endsWith('bob=later'))).toHaveLength(1)
})

it('leaves nothing of what was changed in the file once it is compacted, and everything else', async () => {
  const path = await directory()
  const first = await openEmbeddedLog({ directory: path, partitions: 1 })
  await first.append(
    Array.from({ length: 200 }, (_, n) => ({
      topic: byTime,
      key: n % 2 === 0 ? 'alice' : 'bob',
      value: `of ${n % 2 === 0 ? 'alice' : 'bob'} ${n}`,
    })),
  )
  await first.close()
  const rewrite = () =>
    rewriteLog({
      directory: path,
      told: () => {},
      rewrite: (_topic, { key }) => (key === 'alice' ? { key: 'nobody', value: null } : 'keep'),
    })
  await rewrite()
  // a second time there is nothing to do
  expect((await rewrite()).size).toBe(0)
  await compactLog(path)
  expect((await readFile(join(path, 'log.mdb'))).includes('alice')).toBe(false)
  const eventLog = await openEmbeddedLog({ directory: path })
  onTestFinished(() => eventLog.close())
  expect((await texts(eventLog, byTime)).filter((text) => text.includes('of bob'))).toHaveLength(100)
})

it('refuses to remove a record that its topic keeps by time, and changes nothing', async () => {
  const path = await directory()
  const eventLog = await openEmbeddedLog({ directory: path })
  onTestFinished(() => eventLog.close())
  await eventLog.append([{ topic: byTime, key: 'bob', value: 'stays' }])
  await expect(rewriteLog({ directory: path, told: () => {}, rewrite: () => 'remove' })).rejects.toThrow(
    TypeError,
  )
  expect(await texts(eventLog, byTime)).toEqual(['0/0 bob=stays'])
})
