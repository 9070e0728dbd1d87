import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ChainLink } from '../../../../services/gateway/record/chain.ts'
import { openReadBack } from '../../../../services/gateway/record/logged-ids.ts'
import { startRecorder } from '../../../../services/gateway/record/recorder.ts'
import { startDelivery } from '../../../../services/gateway/spool/delivery.ts'
import { startDrain, type DrainOptions } from '../../../../services/gateway/spool/drain.ts'
import { spoolKeys } from '../../../../services/gateway/spool/keys.ts'
import { openSpool } from '../../../../services/gateway/spool/spool.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../../services/runtime/log/event-log.ts'
import { verifyChain } from '../../../support/events/chain.ts'
import { eventually } from '../../../support/eventually.ts'
import { readDecisions, tempDir } from '../../../support/gateway/gateway.ts'
import { unreachableLog } from '../../../support/log/unreachable-log.ts'

const pep = { id: 'gateway', kind: 'gatewatch', version: '0' }
let dir: Awaited<ReturnType<typeof tempDir>>
let log: EventLog

beforeEach(async () => {
  dir = await tempDir()
  log = await openEmbeddedLog({ directory: dir.path, partitions: 2 })
})

afterEach(async () => {
  await log.close()
  await dir.release()
})

/** The recorder on spool and log, without the gateway around it. */
async function recording(
  eventLog: EventLog,
  give_up_ms = 30_000,
  already: DrainOptions['already'] = () => false,
) {
  const logged: ChainLink[] = []
  const { spool } = await openSpool({
    directory: `${dir.path}/spool`,
    keys: spoolKeys(['0123456789abcdef0123456789abcdef']),
    max_bytes: 16_777_216,
  })
  const common = {
    eventLog,
    spool,
    logger: pino({ level: 'silent' }),
    after_ms: 20,
    readBack: openReadBack(eventLog, () => [0, 0]),
    logged: (links: readonly ChainLink[]) => void logged.push(...links),
    failed: () => {},
  }
  const drain = startDrain({
    ...common,
    give_up_ms,
    already,
    loggedHead: () => logged.at(-1) ?? null,
    missing: (numbers) => expect(numbers).toEqual('nothing is missing'),
  })
  const delivery = startDelivery({
    ...common,
    drain,
    max_bytes: 16_777_216,
    spooled: () => {},
    levelChanged: () => {},
  })
  const recorder = startRecorder({
    delivery,
    pep,
    previous: null,
    queue: 10_000,
    serve_when_full: false,
    now: Date.now,
  })
  const record = (id: string) =>
    recorder.record({
      decided_at: new Date().toISOString(),
      outcome: 'permit',
      subject: { type: 'user', id },
      action: { name: 'read' },
      resource: { type: 'record', id: '1' },
    })?.durable
  return { record, spool, logged, stop: () => delivery.stop() }
}

it('tells of what is in the log in the order of the chain, whether it went there straight or by the spool', async () => {
  const away = unreachableLog(log)
  const { record, spool, logged, stop } = await recording(away.eventLog)
  for (const state of ['well', 'refuse', 'well', 'hang', 'well'] as const) {
    away.become(state)
    for (let turn = 0; turn < 5; turn += 1) await record(`person-${turn}`)
    if (state === 'well') await eventually('the spool is empty', () => spool.empty)
  }
  // The last are told of once their release is on disk, a moment after the spool is empty.
  await eventually('all are told of', () => logged.length >= 25)
  expect(logged.map(({ seq }) => seq)).toEqual(Array.from({ length: 25 }, (_, seq) => seq))
  expect(spool.empty).toBe(true)
  await stop()
  expect(verifyChain(await readDecisions(log))).toMatchObject({ links: 25, problems: [] })
})

it('looks back for what is in doubt alone, however much a log took without saying so', async () => {
  const away = unreachableLog(log)
  let looked = 0
  const counting: EventLog = {
    ...away.eventLog,
    async *read(topic, options) {
      for await (const records of away.eventLog.read(topic, options)) {
        looked += records.length
        yield records
      }
    },
  }
  const { record, spool, logged, stop } = await recording(counting)
  away.become('deaf')
  for (let turn = 0; turn < 40; turn += 1) {
    await record(`person-${turn}`)
    await eventually('it was looked up and let go', () => logged.length > turn)
  }
  away.become('well')
  await stop()
  expect(spool.empty).toBe(true)
  expect(verifyChain(await readDecisions(log))).toMatchObject({ links: 40, problems: [] })
  // From the beginning each time it would be twenty times as much.
  expect(looked).toBeLessThanOrEqual(2 * 40)
})

it('neither brings nor tells again of what the log had when the boot began', async () => {
  const away = unreachableLog(log)
  away.become('refuse')
  const { record, logged, stop } = await recording(away.eventLog, 30_000, ({ headers }) =>
    /-[0-2]$/.test(headers['ce_id'] ?? ''),
  )
  for (let turn = 0; turn < 5; turn += 1) await record(`person-${turn}`)
  away.become('well')
  await eventually('the rest is told of', () => logged.length >= 2)
  await stop()
  expect(logged.map(({ seq }) => seq)).toEqual([3, 4])
  expect((await readDecisions(log)).map(({ pep }) => pep?.seq)).toEqual([3, 4])
})

it('gives a silent append up; one that lands later all the same leaves a copy behind the first, under the same id', async () => {
  const away = unreachableLog(log)
  const silent: (() => void)[] = []
  let swallow = true
  const zombie: EventLog = {
    ...away.eventLog,
    async append(records) {
      // The first append is neither answered nor refused: it lands when everybody has stopped waiting.
      if (swallow) {
        swallow = false
        await new Promise<void>((resolve) => silent.push(resolve))
      }
      await log.append(records)
    },
  }
  const { record, spool, stop } = await recording(zombie, 50)
  for (let turn = 0; turn < 3; turn += 1) await record(`person-${turn}`)
  await eventually('the spool is empty', () => spool.empty)
  const before = (await readDecisions(log)).map(({ id }) => id)
  expect(new Set(before).size).toBe(3)
  expect(before).toHaveLength(3)
  for (const land of silent) land()
  await pause(50)
  const after = (await readDecisions(log)).map(({ id }) => id)
  expect(after).toHaveLength(4)
  expect(new Set(after)).toEqual(new Set(before))
  await stop()
})
