import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { Batch, EventLog } from '../../services/runtime/log/event-log.ts'
import { eventually } from '../support/eventually.ts'

const numbers: LogTopic = { name: 'numbers.v1', partitions: 1, retention_ms: Infinity, compacted: false }

async function openLog(): Promise<EventLog> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-ahead-'))
  const log = await openEmbeddedLog({ directory })
  onTestFinished(async () => {
    await log.close()
    await rm(directory, { recursive: true, force: true })
  })
  await log.append(Array.from({ length: 100 }, (_, n) => ({ topic: numbers, key: 'k', value: String(n) })))
  return log
}

const group = { group: 'storage', topics: [numbers], pinned: true } as const
const rangeOf = ({ parts }: Batch) => `${parts[0]?.first_offset}-${parts[0]?.last_offset}`

it('tells of the next batch while one is handled, and hands out just that one', async () => {
  const log = await openLog()
  const seen: string[] = []
  const consumption = await log.consume({
    ...group,
    max_records: 25,
    ahead: (batch) => void seen.push(`ahead ${rangeOf(batch)} ${batch.token}`),
    async handle(batch) {
      seen.push(`handle ${rangeOf(batch)} ${batch.token}`)
      await eventually(
        'the next is told',
        () => batch.parts[0]?.last_offset === 99 || seen.at(-1)?.startsWith('ahead') === true,
      )
      return []
    },
  })
  await consumption.drained()
  await consumption.stop()
  const [first, ...others] = seen
  expect(first).toMatch('handle 0-24')
  expect(others.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'ahead 25-49',
    'handle 25-49',
    'ahead 50-74',
    'handle 50-74',
    'ahead 75-99',
    'handle 75-99',
  ])
  for (let i = 0; i < others.length; i += 2)
    expect(others[i]?.split(' ')[2]).toBe(others[i + 1]?.split(' ')[2])
})

it('a batch that was written down with the commit before it comes again as it was, to a member that takes less', async () => {
  const log = await openLog()
  let handed: Batch | undefined
  const failing = await log.consume({
    ...group,
    max_records: 40,
    handle(batch) {
      if (batch.parts[0]?.first_offset === 0) return []
      handed = batch
      throw new Error('the store is away')
    },
  })
  await eventually('the second batch', () => handed !== undefined)
  await failing.stop()

  const again: Batch[] = []
  const next = await log.consume({
    ...group,
    max_records: 7,
    handle: (batch) => {
      again.push(batch)
      return []
    },
  })
  await next.drained()
  await next.stop()
  expect(again[0]?.token).toBe(handed?.token)
  expect(again.slice(0, 2).map(rangeOf)).toEqual(['40-79', '80-86'])
})

it('leaves nothing written down behind that no handler has seen', async () => {
  const log = await openLog()
  const begun = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const stopped = await log.consume({
    ...group,
    max_records: 25,
    async handle() {
      begun.resolve()
      await finish.promise
      return []
    },
  })
  await begun.promise
  const stopping = stopped.stop()
  finish.resolve()
  await stopping

  const ranges: string[] = []
  const next = await log.consume({
    ...group,
    max_records: 10,
    handle(batch) {
      ranges.push(rangeOf(batch))
      return []
    },
  })
  await next.drained()
  await next.stop()
  expect(ranges[0]).toBe('25-34')
})
