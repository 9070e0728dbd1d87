import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { copyLog, settleCopy } from '../../services/runtime/log/embedded/hot-copy.ts'
import type { Batch, EventLog } from '../../services/runtime/log/event-log.ts'
import { eventually } from '../support/eventually.ts'

const numbers: LogTopic = { name: 'numbers.v1', partitions: 1, retention_ms: Infinity, compacted: false }

async function openLog(): Promise<{ log: EventLog; directory: string; copy: string }> {
  const root = await mkdtemp(join(tmpdir(), 'gatewatch-hold-'))
  const directory = join(root, 'log')
  const log = await openEmbeddedLog({ directory })
  onTestFinished(async () => {
    await log.close()
    await rm(root, { recursive: true, force: true })
  })
  return { log, directory, copy: join(root, 'copy') }
}

const record = (n: number) => ({ topic: numbers, key: 'k', value: String(n) })
const count = (batch: Batch) => batch.parts.reduce((sum, { records }) => sum + records.length, 0)

it('while a group is held, its store has exactly what lies before its offsets, appends go on, and then so does the group', async () => {
  // given a group with a store outside the log, in the midst of a block
  const { log, directory, copy } = await openLog()
  let stored = 0
  let slow = true
  let begin: () => void = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const consumption = await log.consume({
    group: 'storage',
    topics: [numbers],
    pinned: true,
    max_records: 10,
    async handle(batch) {
      begin()
      if (slow) await pause(60)
      stored += count(batch)
      return []
    },
  })
  onTestFinished(() => consumption.stop())
  await log.append(Array.from({ length: 2000 }, (_, n) => record(n)))
  await begun

  // when log and store are copied, and the log grows meanwhile
  let storeCopy = 0
  await copyLog({
    directory,
    to: copy,
    groups: ['storage'],
    hold_timeout_ms: 60_000,
    async held() {
      storeCopy = stored
      await log.append(Array.from({ length: 50 }, (_, n) => record(2000 + n)))
      await pause(300)
      // No block is begun while the group is held.
      expect(stored).toBe(storeCopy)
    },
  })

  // then the copies agree, the copy has what was appended, and the group goes on with the rest, each once
  const { topics, committed } = await settleCopy(copy)
  expect(storeCopy).toBeGreaterThan(0)
  expect(storeCopy).toBeLessThan(2000)
  expect(committed).toEqual({ 'storage/numbers.v1/0': storeCopy })
  expect(topics).toEqual({ 'numbers.v1': [{ partition: 0, low: 0, high: 2050 }] })
  slow = false
  await consumption.drained()
  expect(stored).toBe(2050)
})

it('a block that nobody finishes is said, and a second copy waits for the first', async () => {
  const { log, directory, copy } = await openLog()
  let tries = 0
  const consumption = await log.consume({
    group: 'storage',
    topics: [numbers],
    pinned: true,
    handle() {
      tries++
      throw new Error('the store is away')
    },
  })
  onTestFinished(() => consumption.stop())
  await log.append([record(1)])
  await eventually('a pinned block', () => tries > 0)
  const options = { directory, to: copy, hold_timeout_ms: 200, held: () => Promise.resolve() }
  await expect(copyLog({ ...options, groups: ['storage'] })).rejects.toMatchObject({ code: 'ERR_BACKUP' })
  await expect(
    copyLog({
      ...options,
      groups: ['feedback'],
      held: () => copyLog({ ...options, to: `${copy}-2`, groups: ['feedback'] }),
    }),
  ).rejects.toThrow(/Another backup .* is under way/)
})

it('a hold goes with the process that had it', async () => {
  const { log, directory, copy } = await openLog()
  let stored = 0
  const consumption = await log.consume({
    group: 'storage',
    topics: [numbers],
    pinned: true,
    handle(batch) {
      stored += count(batch)
      return []
    },
  })
  onTestFinished(() => consumption.stop())
  const holder = fork(new URL('../support/log/log-holder.ts', import.meta.url).pathname, [directory, copy])
  await new Promise((resolve) => holder.once('message', resolve))
  await log.append([record(1)])
  await pause(300)
  expect(stored).toBe(0)
  holder.kill('SIGKILL')
  await eventually('the group goes on', () => stored === 1)
})
