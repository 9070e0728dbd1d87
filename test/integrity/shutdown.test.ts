import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, request } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions, accessScored, deadLetterOf } from '../../schemas/topics.ts'
import { POLICY, prepareWhole, type PreparedWhole } from '../../services/cli/bench/whole.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { runCliProcess, type CliProcess } from '../support/whole/cli-process.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { chainProblems } from '../support/store/stored-decisions.ts'
import { askUntilGone, readJson, type Asking } from '../support/whole/whole-load.ts'

const ROLES = ['storage', 'feedback', 'scoring', 'gateway'] as const
const PARTITIONS = 3
/** The logs that the whole runs on; undefined is the embedded one. */
const LOGS: readonly { name: string; place: () => Promise<KafkaPlace | undefined> }[] = [
  { name: 'the embedded log', place: async () => undefined },
  ...(hasKafka()
    ? [{ name: 'Kafka', place: async () => ({ brokers: await kafkaBrokers(), prefix: newPrefix() }) }]
    : []),
]
type RoleName = (typeof ROLES)[number]

interface House extends PreparedWhole {
  readonly directory: string
  readonly ports: { readonly proxy: number; readonly decisions: number }
  run(...args: string[]): CliProcess
  openLog(): Promise<EventLog>
}

/** Everything on ports that are known before it starts, in front of an application that takes half a second. */
async function house(
  settings: { readonly clickhouse?: object; readonly kafka?: KafkaPlace } = {},
): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-shutdown-'))
  const children: CliProcess[] = []
  const application = createHttpServer((_, response) => setTimeout(() => response.end('slow'), 500))
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  onTestFinished(async () => {
    for (const { child } of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => child.exited()))
    application.close()
    application.closeAllConnections()
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  })
  const whole = await prepareWhole(directory)
  const address = application.address()
  const upstream = typeof address === 'object' && address !== null ? address.port : 0
  const [proxy = 0, decisions = 0] = await freePorts(2)
  const config = JSON.parse(await readFile(whole.config, 'utf8'))
  await writeFile(config.gateway.policy_file, policyFor(upstream))
  config.gateway = {
    ...config.gateway,
    listen: { port: proxy },
    decision_point: { port: decisions },
    limits: { record_timeout: '60s' },
  }
  await writeFile(whole.config, JSON.stringify({ ...config, ...inConfig(settings), log_level: 'info' }))
  return {
    ...whole,
    directory,
    ports: { proxy, decisions },
    run(...args) {
      const child = runCliProcess(['--config', whole.config, ...args], {}, directory)
      children.push(child)
      return child
    },
    async openLog() {
      const eventLog =
        settings.kafka === undefined
          ? await openEmbeddedLog({ directory: join(whole.dataDir, 'log') })
          : await openTestLog({ ...settings.kafka, partitions: PARTITIONS })
      onTestFinished(() => eventLog.close())
      return eventLog
    },
  }
}

interface KafkaPlace {
  readonly brokers: readonly string[]
  readonly prefix: string
}

const inConfig = ({ clickhouse = {}, kafka }: Parameters<typeof house>[0] = {}): object => ({
  clickhouse,
  ...(kafka === undefined
    ? {}
    : { kafka: { brokers: kafka.brokers, topic_prefix: kafka.prefix, partitions: PARTITIONS } }),
})

/** Anybody may read, nobody may delete. */
const policyFor = (upstream: number): string =>
  POLICY.replace(':9\n', `:${upstream}\n    public: true\n`)
    .replace('action.name == "read"', 'action.name != "delete"')
    .replace('sensitivity: medium', 'sensitivity: low')

const load = ({ ports, token }: House, round: number): Asking =>
  askUntilGone(
    { evaluation: new URL(`http://127.0.0.1:${ports.decisions}/access/v1/evaluation`) },
    token,
    round,
  )

/** A request for the slow application, under way when it is given out. */
async function underWay({ ports }: House): Promise<{ readonly status: Promise<number> }> {
  const asked = request({
    host: '127.0.0.1',
    port: ports.proxy,
    path: '/records/1',
    method: 'GET',
    headers: { host: 'records.test' },
  })
  const answered = once(asked, 'response').then(([response]) => {
    response.resume()
    return Number(response.statusCode)
  })
  answered.catch(() => {})
  asked.end()
  await pause(150)
  return { status: answered }
}

/** It ends itself with 1 once ten seconds are over (services/runtime/lifecycle.ts), so 0 says that it took less. */
async function ended(process: CliProcess): Promise<void> {
  const { code } = await process.stop('SIGTERM')
  expect({ code, said: code === 0 ? '' : process.output().slice(-2000) }).toEqual({ code: 0, said: '' })
}

/** Resolves to the number of decisions that are logged, each scored once. */
async function nothingLost(acknowledged: readonly string[], all: House): Promise<number> {
  const eventLog = await all.openLog()
  const decisions = (await readJson(eventLog, accessDecisions)) as Decision[]
  const ids = new Set(decisions.map(({ id }) => id))
  expect(ids.size).toBe(decisions.length)
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
  expect(chainProblems(decisions)).toEqual([])
  const scored = (await readJson(eventLog, accessScored)) as { decision: Decision }[]
  const dead = await eventLog.watermarks(deadLetterOf(accessDecisions))
  expect(dead.map(({ high }) => high)).toEqual(dead.map(() => 0))
  expect(scored.map(({ decision }) => decision.id).sort()).toEqual([...ids].sort())
  return ids.size
}

describe('SIGTERM under load', () => {
  it.each(LOGS)(
    'to the whole, on $name: what is under way is answered, it exits with 0 within 10 s, nothing acknowledged is lost, and the next start goes on',
    async ({ place }) => {
      const kafka = await place()
      const all = await house(kafka === undefined ? {} : { kafka })
      const up = all.run('up')
      await up.shows(/Ready after/, 150_000)
      const asking = load(all, 1)
      await asking.more(100)
      const slow = await underWay(all)
      await ended(up)
      expect(await slow.status).toBe(200)
      const acknowledged = await asking.ended
      const last = all.run('up')
      await last.shows(/Ready after/, 150_000)
      const eventLog = await all.openLog()
      await untilCaughtUp(eventLog)
      await eventLog.close()
      await ended(last)
      expect(await nothingLost(acknowledged, all)).toBeGreaterThanOrEqual(acknowledged.length)
    },
    300_000,
  )

  it('to each role by itself: the others go on, it exits with 0 within 10 s, and its next start goes on', async () => {
    const all = await house()
    const running = new Map<RoleName, CliProcess>()
    const start = async (role: RoleName): Promise<void> => {
      const child = all.run('run', role)
      running.set(role, child)
      await child.shows(new RegExp(`"part":"${role}"`), 150_000)
    }
    for (const role of ROLES) await start(role)
    const acknowledged: string[] = []
    for (const [round, role] of ROLES.entries()) {
      const asking = load(all, round)
      await asking.more(60)
      const child = running.get(role)
      if (child !== undefined) await ended(child)
      if (role !== 'gateway') await asking.more(30)
      await asking.stop()
      acknowledged.push(...asking.acknowledged)
      await start(role)
    }
    const asking = load(all, ROLES.length)
    await asking.more(60)
    acknowledged.push(...(await asking.stop()))
    const [last, ...others] = ROLES.toReversed()
    const gateway = last === undefined ? undefined : running.get(last)
    if (gateway !== undefined) await ended(gateway)
    // What the gateway still had in hand when it stopped comes into the log then, and is scored after that.
    const eventLog = await all.openLog()
    await untilCaughtUp(eventLog)
    await eventLog.close()
    for (const role of others) {
      const child = running.get(role)
      if (child !== undefined) await ended(child)
    }
    expect(await nothingLost(acknowledged, all)).toBeGreaterThanOrEqual(acknowledged.length)
  })

  it('to the whole while the store takes connections and never answers: it exits with 0 within 10 s', async () => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const all = await house({ clickhouse: { url: `http://127.0.0.1:${port}` } })
    const up = all.run('up')
    await up.shows(/Ready after/, 150_000)
    const asking = load(all, 1)
    await asking.more(100)
    await ended(up)
    expect(sockets.size).toBeGreaterThan(0)
    await nothingLostInLog(await asking.ended, all)
  })
})

async function nothingLostInLog(acknowledged: readonly string[], all: House): Promise<void> {
  const eventLog = await all.openLog()
  const ids = new Set(((await readJson(eventLog, accessDecisions)) as Decision[]).map(({ id }) => id))
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
}
