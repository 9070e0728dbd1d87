import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { eventually } from '../support/eventually.ts'
import { startChild } from '../support/log/start-child.ts'
import { textsOf } from '../support/log/stored-records.ts'

const OPENS = 150
const from: LogTopic = { name: 'opens.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'opens.to.v1' }

it('processes that come and go under load undo nobody’s commit: what was acknowledged is there once, and copied once', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-opens-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  const module = new URL('../support/log/embedded-log-driver.ts', import.meta.url).href
  const driver = { child: { module, argument: directory } }
  const acknowledged: string[] = []
  const writer = startChild(driver, 'append', from, to)
  const worker = startChild(driver, 'copy', from, to)
  const opener = startChild(driver, 'open-and-close', from, to)
  onTestFinished(async () => {
    for (const child of [writer, worker, opener]) await child.kill()
  })
  writer.lines.on('line', (line) => {
    if (line.startsWith('acknowledged ')) acknowledged.push(line.slice('acknowledged '.length))
  })
  let opens = 0
  opener.lines.on('line', (line) => {
    if (line === 'closed') opens++
  })
  await eventually('opens and closes', () => opens >= OPENS && acknowledged.length > 100)
  await opener.kill()
  await writer.kill()

  const log = await openEmbeddedLog({ directory, partitions: 4 })
  onTestFinished(() => log.close())
  const inputs = await textsOf(log, from)
  const counted = new Map<string, number>()
  for (const value of inputs.flat()) counted.set(value, (counted.get(value) ?? 0) + 1)
  expect(acknowledged.filter((value) => counted.get(value) !== 1)).toEqual([])
  const copied = async () => (await textsOf(log, to)).flat().length >= inputs.flat().length
  await eventually('all is copied', copied)
  expect(await textsOf(log, to)).toEqual(inputs)
})
