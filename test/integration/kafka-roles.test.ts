import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { z } from 'zod'
import { CANARY_TENANT } from '../../schemas/canary.ts'
import { topics } from '../../schemas/topics.ts'
import { prepareWhole } from '../../services/cli/bench/whole.ts'
import { RIGHTS } from '../../services/cli/roles/rights.ts'
import { ROLES } from '../../services/cli/roles/role.ts'
import { checkKafka, withAdmin } from '../../services/runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/client/connect.ts'
import { namesOf } from '../../services/runtime/log/kafka/names.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { eventually } from '../support/eventually.ts'
import { aclsOf, grant } from '../support/kafka/kafka-acls.ts'
import { canStartBrokers } from '../support/kafka/kafka-broker.ts'
import { startSecuredBroker } from '../support/kafka/kafka-secured.ts'
import { sshdLine } from '../support/collector/live-collector.ts'

/** Those that write come last. */
const STARTED = ['storage', 'feedback', 'calibration', 'scoring', 'verify', 'collector', 'gateway'] as const
/** Seven processes start at once, beside other tests. */
const STARTS_WITHIN_MS = 150_000
const Answer = z.object({ context: z.object({ outcome: z.string(), decision_id: z.string() }) })

describe.skipIf(!canStartBrokers())('roles as processes of their own, on Kafka', () => {
  it('each with a user that may do what the table of rights says and nothing else: an attack at the gateway is scored, found, stored, and restricted at the gateway', async ({
    onTestFinished,
  }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-roles-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
    const broker = await startSecuredBroker({ users: ROLES, authorizer: true })
    onTestFinished(() => broker.dispose())
    const kafka = { topic_prefix: 'roles.', partitions: 3 }
    // A source that falls silent at once, so that the collector writes whatever it may write.
    const followed = join(directory, 'auth.log')
    await writeFile(followed, `no line of sshd\n${sshdLine('bob', 1)}`)
    const source = {
      name: 'hosts',
      kind: 'file',
      format: 'sshd',
      path: followed,
      from: 'beginning',
      tenant: 'followed',
    }
    const prepared = await prepareWhole(directory, {
      log_level: 'info',
      // A disk that flushes slowly is waited for: each answer is looked at.
      gateway: {
        policy_file: join(directory, 'policy.yaml'),
        listen: { port: 0 },
        decision_point: { port: 0 },
        limits: { record_timeout: '60s' },
      },
      collector: { sources: [{ ...source, silent_after: '1s' }] },
      kafka: {
        ...kafka,
        brokers: [broker.sasl],
        create_topics: false,
        ssl: { ca_file: broker.caFile },
        sasl: { mechanism: 'scram-sha-512', username: 'nobody', password_file: broker.passwordFile },
      },
    })
    const gatewatch = (args: string[], env: Record<string, string> = {}) =>
      runCliProcess(['--config', prepared.config, ...args], env, directory)
    // Topics and rights first, by somebody who may: an operator.
    const operator = KafkaConfig.parse({ ...kafka, brokers: [broker.plain] })
    const logger = pino({ level: 'silent' })
    await checkKafka(operator, logger, topics)
    await withAdmin(await connectKafka(operator, logger), operator, async (admin) => {
      await grant(
        admin,
        ROLES.flatMap((role) => aclsOf(role, RIGHTS[role], namesOf(operator))),
      )
    })
    const roles = STARTED.map((role) => gatewatch(['run', role], { GATEWATCH_KAFKA__SASL__USERNAME: role }))
    onTestFinished(async () => {
      await Promise.all(roles.map((role) => role.stop('SIGKILL')))
    })
    const [storage, feedback, calibration, scoring, verify, collector, gateway] = roles
    await Promise.all([
      storage?.shows(/storage started/, STARTS_WITHIN_MS),
      feedback?.shows(/feedback started/, STARTS_WITHIN_MS),
      calibration?.shows(/calibration started/, STARTS_WITHIN_MS),
      scoring?.shows(/scoring started/, STARTS_WITHIN_MS),
      verify?.shows(/"part":"verify"/, STARTS_WITHIN_MS),
      collector?.shows(/"msg":"collecting"/, STARTS_WITHIN_MS),
    ])
    const port = (await gateway?.shows(/"decision_port":(\d+)/, STARTS_WITHIN_MS))?.[1]

    const nothingDenied = () =>
      expect(roles.flatMap((role) => /ERR_LOG_DENIED.*/.exec(role.output())?.[0] ?? [])).toEqual([])
    const decided: string[] = []
    const ask = async (subject: string, action: string, resource: number): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}/access/v1/evaluation`, {
        method: 'POST',
        headers: { authorization: `Bearer ${prepared.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { type: 'user', id: subject },
          action: { name: action },
          resource: { type: 'record', id: String(resource) },
          context: { ip: '198.51.100.7', user_agent: 'roles/1.0' },
        }),
      })
      const { context } = Answer.parse(await response.json())
      decided.push(context.decision_id)
      return context.outcome
    }

    // when mallory asks for what nobody may have, and alice works
    expect(await ask('mallory', 'read', 1)).toBe('permit')
    await eventually('mallory is restricted', async () => {
      await ask('mallory', 'delete', decided.length)
      return (await ask('mallory', 'read', 1)) === 'permit' ? undefined : true
    })
    expect(await ask('alice', 'read', 1)).toBe('permit')

    // then the finding and every decision are in the store, each once
    const query = async (sql: string): Promise<string> => {
      const run = gatewatch(['query', sql, '--json'])
      await run.exited()
      return run.output().trim()
    }
    await eventually('every decision is stored', async () => {
      nothingDenied()
      const found = await query(
        `SELECT count() AS n, uniqExact(id) AS ids FROM decisions WHERE tenant NOT IN ('${CANARY_TENANT}', 'followed')`,
      )
      return found.includes(`"n":${decided.length},"ids":${decided.length}`) ? true : undefined
    })
    await eventually('the finding is stored', async () =>
      (await query('SELECT entity_id FROM findings LIMIT 1')).includes('"entity_id":"user:mallory"')
        ? true
        : undefined,
    )

    // and each process goes in order when told to
    const ends = await Promise.all(roles.map((role) => role.stop('SIGTERM')))
    expect(ends.map(({ code }) => code)).toEqual(roles.map(() => 0))
    expect(roles.map((role) => /ERR_LOG_DENIED.*/.exec(role.output())?.[0])).toEqual(
      roles.map(() => undefined),
    )
  })
})
