import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Decision } from '../../schemas/decision.ts'
import { accessActivity, accessDecisions, accessFindings, accessScored } from '../../schemas/topics.ts'
import type { LogTopic } from '../../schemas/topics.ts'
import { prepareWhole } from '../../services/cli/bench/whole.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../services/runtime/log/kafka/kafka-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich } from '../../services/scoring/main.ts'
import { loggedFindings, replayDecisions } from '../../services/scoring/replay.ts'
import { policyStage, sourceStage, subjectStage } from '../../services/scoring/worker.ts'
import { verifyChain } from '../support/chain.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { runCliProcess } from '../support/cli-process.ts'
import type { CliProcess } from '../support/cli-process.ts'
import { canStartBrokers, startBrokers } from '../support/kafka-broker.ts'
import { readJson } from '../support/whole-load.ts'

/** With the twenty of kill-nine.test.ts, fifty. */
const KILLS = 30
const ROLES = ['storage', 'feedback', 'scoring', 'gateway'] as const
const VICTIMS = [...ROLES, 'broker'] as const
const STARTED: Readonly<Record<(typeof ROLES)[number], RegExp>> = {
  storage: /storage started/,
  feedback: /feedback started/,
  scoring: /scoring started/,
  gateway: /gateway started/,
}
const Answer = z.object({ context: z.object({ decision_id: z.string() }) })

describe.skipIf(!canStartBrokers())(
  'promises 2 and 3 on Kafka: gateway, scoring, storage, feedback and broker',
  () => {
    it(`are killed with -9 at random, ${KILLS} times under load: no acknowledged decision is missing, none is stored twice, and findings equal a replay`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'gatewatch-kafka-kill-'))
      const brokers = await startBrokers()
      const [port = 0] = await freePorts(1)
      const kafka = { brokers: brokers.brokers, partitions: 3, session_timeout: '3s' }
      const prepared = await prepareWhole(directory, {
        log_level: 'info',
        kafka,
        gateway: {
          policy_file: join(directory, 'policy.yaml'),
          listen: { port: 0 },
          decision_point: { port },
        },
      })
      const running = new Map<string, CliProcess>()
      const begin = async (role: (typeof ROLES)[number]): Promise<void> => {
        const child = runCliProcess(['--config', prepared.config, 'run', role], {}, directory)
        running.set(role, child)
        await child.shows(STARTED[role], 60_000)
      }
      const load = startLoad(`http://127.0.0.1:${port}/access/v1/evaluation`, prepared.token)
      try {
        expect(
          await runCliProcess(['--config', prepared.config, 'topics', '--create'], {}, directory).exited(),
        ).toBe(0)
        await Promise.all(ROLES.map(begin))

        const killed = new Map<string, number>()
        for (let kills = 0; kills < KILLS;) {
          await sleep(300 + Math.random() * 1200)
          const victims = VICTIMS.filter(() => Math.random() < 0.6).slice(0, KILLS - kills)
          kills += victims.length
          for (const victim of victims) killed.set(victim, (killed.get(victim) ?? 0) + 1)
          // Dead together, and back one beside the other: who starts while the broker is away says so and is started again.
          await Promise.all(
            victims.map(async (victim) => {
              await (victim === 'broker' ? brokers.kill(0) : running.get(victim)?.stop('SIGKILL'))
            }),
          )
          if (victims.includes('broker')) await brokers.start(0)
          await Promise.all(ROLES.filter((role) => victims.includes(role)).map(begin))
        }
        const acknowledged = await load.stop()

        const eventLog = await openKafkaLog({
          config: KafkaConfig.parse(kafka),
          logger: pino({ level: 'silent' }),
        })
        await until('every acknowledged decision is in the log', async () => {
          const ids = new Set(
            (await readJson(eventLog, accessDecisions)).map((one) => Decision.parse(one).id),
          )
          return acknowledged.every((id) => ids.has(id))
        })
        await until('all is scored, judged and stored', () => isCaughtUp(eventLog))
        const ends = await Promise.all([...running.values()].map((role) => role.stop('SIGTERM')))
        expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0])

        const decisions = (await readJson(eventLog, accessDecisions)).map((one) => Decision.parse(one))
        const ids = decisions.map(({ id }) => id)
        expect([...killed.values()].reduce((sum, count) => sum + count, 0)).toBe(KILLS)
        expect(acknowledged.length).toBeGreaterThan(KILLS * 10)
        expect(new Set(ids).size).toBe(ids.length)
        expect(verifyChain(decisions).problems).toEqual([])

        const replayed = await replayDecisions(eventLog, {
          subject: subjectStage(await openEnrich(ScoringConfig.parse({}))),
          source: sourceStage(),
          policy: policyStage(),
        })
        const found = await loggedFindings(eventLog)
        expect(found.length).toBeGreaterThan(0)
        expect(found.map((finding) => JSON.stringify(finding)).sort()).toEqual(
          replayed.findings.map((finding) => JSON.stringify(finding)).sort(),
        )
        await eventLog.close()

        const engine = await startEngine({ dataDir: prepared.dataDir, logger: pino({ level: 'silent' }) })
        const client = openClickHouse(engine.endpoint)
        const [stored] = await (
          await client.query({
            query: `SELECT count() AS stored, uniqExact(id) AS ids FROM decisions`,
            format: 'JSONEachRow',
          })
        ).json()
        expect(stored).toEqual({ stored: ids.length, ids: ids.length })
        await client.close()
        await engine.stop()
      } finally {
        await load.stop()
        await Promise.all([...running.values()].map((role) => role.stop('SIGKILL')))
        await brokers.dispose()
        await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
      }
    }, 420_000)
  },
)

/** Five people at work and one who probes, until stopped; a gateway that is away is asked again. */
function startLoad(evaluation: string, token: string): { stop(): Promise<readonly string[]> } {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const probing = number === 0
      try {
        const response = await fetch(evaluation, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            subject: {
              type: 'user',
              id: probing ? `mallory-${turn >> 6}` : `person-${(turn * 6 + number) % 40}`,
            },
            action: { name: probing ? 'delete' : 'read' },
            resource: { type: 'record', id: String(turn % 50) },
            context: { ip: `198.51.100.${number + 1}`, user_agent: 'load/1.0' },
          }),
          signal: AbortSignal.timeout(20_000),
        })
        if (response.ok) acknowledged.push(Answer.parse(await response.json()).context.decision_id)
      } catch {
        await sleep(50)
      }
      await sleep(15)
    }
  }
  const ended = Promise.all(Array.from({ length: 6 }, (_, number) => client(number)))
  return {
    async stop() {
      stopping.abort()
      await ended
      return acknowledged
    },
  }
}

async function isCaughtUp(eventLog: EventLog): Promise<boolean> {
  const stages: readonly (readonly [group: string, topic: LogTopic])[] = [
    ['scoring', accessDecisions],
    ['scoring-source', accessActivity],
    ['feedback', accessFindings],
    ['storage', accessScored],
  ]
  for (const [group, topic] of stages) {
    const committed = await eventLog.committed(group, topic)
    const marks = await eventLog.watermarks(topic)
    if (!marks.every(({ partition, low, high }) => low === high || (committed.get(partition) ?? 0) >= high))
      return false
  }
  return true
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; !(await holds()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`)
}
