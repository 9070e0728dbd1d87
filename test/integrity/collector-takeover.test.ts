import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { collectorImports, control, type LogTopic } from '../../schemas/topics.ts'
import { RIGHTS } from '../../services/cli/roles/rights.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../services/runtime/log/kafka/kafka-log.ts'
import { createLogger } from '../../services/runtime/logger.ts'
import { eventually } from '../support/eventually.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { createTopics, newPrefix } from '../support/log/kafka-log-driver.ts'
import { decisionsOf, sshdLine } from '../support/collector/live-collector.ts'
import { chainProblems } from '../support/store/stored-decisions.ts'

const CLI = fileURLToPath(new URL('../../services/cli.ts', import.meta.url))
const PAGE = 5
const session_timeout = '2s'

/** Okta's System Log and Graph's sign-ins, which grow; who asked, by the collector's token. */
async function apis() {
  const okta: object[] = []
  const entra: object[] = []
  const asked = new Set<string>()
  const server = createServer((request: IncomingMessage, response) => {
    const base = `http://127.0.0.1:${port()}`
    const url = new URL(request.url ?? '/', base)
    asked.add(request.headers.authorization ?? '')
    if (url.pathname === '/api/v1/logs') {
      const from = Number(url.searchParams.get('after') ?? 0)
      const page = okta.slice(from, from + PAGE)
      response.setHeader('link', `<${base}/api/v1/logs?after=${from + page.length}>; rel="next"`)
      return response.end(JSON.stringify(page))
    }
    const skip = Number(url.searchParams.get('skip') ?? 0)
    const more = skip + PAGE < entra.length && {
      '@odata.nextLink': `${base}/v1.0/auditLogs/signIns?skip=${skip + PAGE}`,
    }
    return response.end(JSON.stringify({ value: entra.slice(skip, skip + PAGE), ...more }))
  }).listen(0, '127.0.0.1')
  const port = (): number => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base: `http://127.0.0.1:${port()}`, okta, entra, asked }
}

describe.skipIf(!hasKafka())('two collectors with the same sources, on Kafka', () => {
  it('the one that reads is paused: the other goes on behind it, from a topic, from Okta and from Entra, and what the first would still write is refused', async () => {
    const brokers = await kafkaBrokers()
    const [topic, topic_prefix] = [`foreign-${randomUUID()}`, newPrefix()]
    const kafka = { brokers, topic_prefix, partitions: 2, session_timeout }
    const client = new Kafka({ brokers, logLevel: logLevel.NOTHING })
    const [admin, producer] = [client.admin(), client.producer()]
    const topics: readonly LogTopic[] = [
      ...new Set([...RIGHTS.collector.reads, ...RIGHTS.collector.writes, control, collectorImports]),
    ]
    await Promise.all([admin.connect(), producer.connect(), createTopics(KafkaConfig.parse(kafka), topics)])
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 2 }] })
    const folder = await mkdtemp(join(tmpdir(), 'gatewatch-takeover-'))
    const { base, okta, entra, asked } = await apis()
    const children: ReturnType<typeof spawn>[] = []
    onTestFinished(async () => {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all([producer.disconnect(), admin.disconnect()])
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    /** A collector in a process of its own, which shows a token of its own to the APIs. */
    async function collector(name: string) {
      const token_file = join(folder, `${name}.token`)
      const config = join(folder, `${name}.yaml`)
      const pulled = { url: base, token_file, poll: '50ms', page: PAGE, silent_after: 'never' }
      await writeFile(token_file, name)
      await writeFile(
        config,
        JSON.stringify({
          data_dir: join(folder, name),
          admin: { port: 0 },
          kafka: { ...kafka, replication_factor: 1 },
          collector: {
            sources: [
              {
                name: 'topic',
                kind: 'kafka',
                format: 'sshd',
                topic,
                brokers,
                from: 'beginning',
                session_timeout,
              },
              { name: 'okta', kind: 'okta', ...pulled },
              { name: 'entra', kind: 'entra', ...pulled },
            ],
          },
        }),
      )
      const child = spawn(process.execPath, [CLI, 'run', 'collector', '--config', config], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      children.push(child)
      return child
    }

    let sent = 0
    /** One more event everywhere. */
    async function more(): Promise<void> {
      const nth = sent++
      const at = new Date().toISOString()
      okta.push({
        uuid: `okta-${nth}`,
        published: at,
        eventType: 'user.session.start',
        outcome: { result: 'SUCCESS' },
        actor: { id: 'x', type: 'User', alternateId: `o${nth}` },
        client: { ipAddress: '203.0.113.8' },
      })
      entra.push({
        id: `entra-${nth}`,
        createdDateTime: at,
        userPrincipalName: `e${nth}`,
        appDisplayName: 'Wiki',
        ipAddress: '203.0.113.8',
        status: { errorCode: 0 },
      })
      await producer.send({
        topic,
        messages: [{ key: String(nth), value: sshdLine(`t${nth}`, nth).trimEnd() }],
      })
    }
    const log = await openKafkaLog({
      config: KafkaConfig.parse(kafka),
      logger: createLogger({ level: 'silent' }),
    })
    onTestFinished(() => log.close())
    const users = async () => (await decisionsOf(log)).map(({ subject }) => subject.id)
    const oneOfEach = async (nth: number) => {
      await pause(200)
      const known = new Set(await users())
      return ['t', 'o', 'e'].every((kind) => known.has(`${kind}${nth}`))
    }

    const members = async () => {
      const { groups } = await admin.listGroups()
      const ours = groups.filter(
        ({ groupId }) => groupId.startsWith(topic_prefix) && groupId.endsWith('collector'),
      )
      const described = await admin.describeGroups(ours.map(({ groupId }) => groupId))
      return Math.max(0, ...described.groups.map((group) => group.members.length))
    }
    const both = async () => (await members()) === 2
    const first = await collector('first')
    await eventually('the first one asks', () => asked.size > 0)
    await collector('second')
    await eventually('the second one stands by', both)
    // when the first stands still while events come, and goes on after the second has taken over
    const over = new AbortController()
    const sending = (async () => {
      while (!over.signal.aborted) {
        await more()
        await pause(20)
      }
    })()
    await eventually('some are read', () => oneOfEach(20))
    expect([...asked]).toEqual(['SSWS first', 'Bearer first'])
    first.kill('SIGSTOP')
    const atPause = sent
    await eventually('the second one goes on', () => oneOfEach(atPause + 5))
    first.kill('SIGCONT')
    await eventually('the first one stands by', both)
    over.abort()
    await sending
    await eventually('the second one has the last', () => oneOfEach(sent - 1))

    // then each event is there once, in chains that are whole
    const decisions = await decisionsOf(log)
    const counted = new Map<string, number>()
    for (const { subject } of decisions) counted.set(subject.id, (counted.get(subject.id) ?? 0) + 1)
    expect([...counted].filter(([, times]) => times !== 1)).toEqual([])
    expect(counted.size).toBe(3 * sent)
    expect(chainProblems(decisions)).toEqual([])
    expect(asked).toContain('SSWS second')
  })
})
