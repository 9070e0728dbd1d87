import { Registry } from 'prom-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { KafkaConsumption } from '../../services/runtime/log/kafka/consume/consumption.ts'
import { Link } from '../../services/runtime/log/kafka/wire/link.ts'
import { logMetrics } from '../../services/runtime/log/log-metrics.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { untilTaken } from '../support/log/log-load.ts'
import { numbered, numbersOf } from '../support/log/numbered-records.ts'
import { everything } from '../support/log/stored-records.ts'

const from: LogTopic = { name: 'stall.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'stall.to.v1' }

describe.skipIf(!hasKafka())('Kafka: a consumer that stands still', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('because its fetches are never answered is started anew, counted by cause, and loses nothing', async () => {
    const { log, restarts } = await open()
    const { deaf } = fetchesThatCanGoUnanswered()
    const abandoned = vi.spyOn(KafkaConsumption.prototype, 'abandon')
    const consumption = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
    await untilTaken(() => log.append(numbered(from, 100)))
    await consumption.drained()

    deaf.now = true
    // The fetch that is under way at this moment is still answered.
    await untilTaken(() => log.append(numbered(from, 100, 17, 100)))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await untilTaken(() => log.append(numbered(from, 100, 17, 200)))
    await consumption.drained()
    // A slow machine may look like a stall once more; each is counted once.
    expect((await restarts())['fetch']).toBeGreaterThan(0)
    expect(sumOf(await restarts())).toBe(abandoned.mock.calls.length)
    expect(numbersOf(await everything(log, to))).toEqual(Array.from({ length: 300 }, (_, i) => i))
    await consumption.stop()
    await log.close()
  })

  it('because its handler never comes back is started anew; what the handler would have written is not', async () => {
    const { log, restarts } = await open()
    const abandoned = vi.spyOn(KafkaConsumption.prototype, 'abandon')
    const stuck = Promise.withResolvers<void>()
    let calls = 0
    const consumption = await log.consume({
      group: 'g',
      topics: [from],
      handle: async (batch) => {
        if (calls++ === 0) await stuck.promise
        return copyTo(to)(batch)
      },
    })
    await untilTaken(() => log.append(numbered(from, 100)))
    await consumption.drained()
    expect((await restarts())['handler']).toBeGreaterThan(0)
    expect(sumOf(await restarts())).toBe(abandoned.mock.calls.length)
    stuck.resolve()
    await untilTaken(() => log.append(numbered(from, 100, 17, 100)))
    await consumption.drained()
    expect(numbersOf(await everything(log, to))).toEqual(Array.from({ length: 200 }, (_, i) => i))
    await consumption.stop()
    await log.close()
  })

  it('does not hold up the partitions beside it when only one of them fails, and they are no stall', async () => {
    const { log, restarts } = await open({ stall_ms: 4_000, handler_stall_ms: 60_000 })
    let healed = false
    const consumption = await log.consume({
      group: 'g',
      topics: [from],
      handle: (batch) => {
        if (!healed && batch.parts.some(({ partition }) => partition === 1)) throw new Error('not this one')
        return copyTo(to)(batch)
      },
    })
    await untilTaken(() => log.append(numbered(from, 100)))
    const all = numbered(from, 100).length
    await expect.poll(async () => (await everything(log, to)).length).toBeGreaterThan(all / 2)
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(await restarts()).toEqual({})
    healed = true
    await consumption.drained()
    expect(await everything(log, to)).toHaveLength(all)
    await consumption.stop()
    await log.close()
  })
})

async function open({ stall_ms = 1_000, handler_stall_ms = 1_000 } = {}) {
  const registry = new Registry()
  const log = await openTestLog({
    brokers: await kafkaBrokers(),
    prefix: newPrefix(),
    metrics: logMetrics(registry),
    stall_ms,
    handler_stall_ms,
  })
  return {
    log,
    restarts: async () => {
      const metric = await registry.getSingleMetric('gatewatch_log_consumer_restarts_total')?.get()
      return Object.fromEntries(metric?.values.map(({ labels, value }) => [labels['cause'], value]) ?? [])
    },
  }
}

/** The fetches of the links that are open by now stay without an answer from the moment that `deaf.now` is set. */
function fetchesThatCanGoUnanswered(): { deaf: { now: boolean } } {
  const deaf = { now: false }
  const hearing = new WeakSet<Link>()
  const known = new WeakSet<Link>()
  const send: unknown = Reflect.get(Link.prototype, 'send')
  if (typeof send !== 'function') throw new Error('a link has no send')
  vi.spyOn(Link.prototype, 'send').mockImplementation(function (this: Link, node, request) {
    if (request.name === 'Fetch' && request.held_ms === 500) {
      if (!deaf.now) known.add(this)
      else if (known.has(this) && !hearing.has(this)) return new Promise(() => {})
      else hearing.add(this)
    }
    return Reflect.apply(send, this, [node, request])
  })
  return { deaf }
}

function sumOf(restarts: Readonly<Record<string, number>>): number {
  return Object.values(restarts).reduce((sum, count) => sum + count, 0)
}
