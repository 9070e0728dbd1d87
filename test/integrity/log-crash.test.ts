import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { startChild } from '../support/log/start-child.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { textsOf } from '../support/log/stored-records.ts'

const ROUNDS = 12
const PARTITIONS = 4
const from: LogTopic = { name: 'crash.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'crash.to.v1' }

it('kill -9 of writers and workers at any time: what was acknowledged is there once, and every output is there once, in order', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-crash-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const module = new URL('../support/log/embedded-log-driver.ts', import.meta.url).href
  const driver = { child: { module, argument: directory } }
  const acknowledged: string[] = []

  for (let round = 0; round < ROUNDS; round++) {
    const writer = startChild(driver, 'append', from, to)
    const workers = [startChild(driver, 'copy', from, to), startChild(driver, 'copy', from, to)]
    writer.lines.on('line', (line) => {
      if (line.startsWith('acknowledged ')) acknowledged.push(line.slice('acknowledged '.length))
    })
    await Promise.all([writer.said('acknowledged'), ...workers.map((worker) => worker.said('consuming'))])
    const lives = [writer, ...workers].map(async (child) => {
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 400))
      await child.kill()
    })
    await Promise.all(lives)
  }

  const log = await openEmbeddedLog({ directory, partitions: PARTITIONS })
  onTestFinished(() => log.close())
  const rest = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
  await rest.drained()
  await rest.stop()

  const inputs = await textsOf(log, from)
  const outputs = await textsOf(log, to)
  expect(acknowledged.length).toBeGreaterThan(ROUNDS * 4)
  const counted = new Map<string, number>()
  for (const value of inputs.flat()) counted.set(value, (counted.get(value) ?? 0) + 1)
  expect(acknowledged.filter((value) => counted.get(value) !== 1)).toEqual([])
  expect([...counted.values()].filter((times) => times !== 1)).toEqual([])
  // A worker copies into the partition that it reads, so the two are the same, record for record.
  expect(outputs).toEqual(inputs)
})
