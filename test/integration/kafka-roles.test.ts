import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { prepareWhole } from '../../services/cli/bench/whole.ts'
import { runCliProcess } from '../support/cli-process.ts'
import { eventually } from '../support/eventually.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka-broker.ts'

const Answer = z.object({ context: z.object({ outcome: z.string(), decision_id: z.string() }) })

describe.skipIf(!hasKafka())('roles as processes of their own, on Kafka', () => {
  it('an attack at the gateway is scored, found, stored, and restricted at the gateway', async ({
    onTestFinished,
  }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-roles-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
    const prepared = await prepareWhole(directory, {
      log_level: 'info',
      kafka: {
        brokers: await kafkaBrokers(),
        topic_prefix: `roles-${randomUUID().slice(0, 8)}.`,
        partitions: 3,
      },
    })
    const gatewatch = (...args: string[]) =>
      runCliProcess(['--config', prepared.config, ...args], {}, directory)
    // Topics first, as an operator does: four processes that create them at once are tried elsewhere.
    expect(await gatewatch('topics', '--create').exited()).toBe(0)
    const roles = ['storage', 'feedback', 'scoring', 'gateway'].map((role) => gatewatch('run', role))
    onTestFinished(async () => {
      await Promise.all(roles.map((role) => role.stop('SIGKILL')))
    })
    const [storage, feedback, scoring, gateway] = roles
    await Promise.all([
      storage?.shows(/storage started/, 50_000),
      feedback?.shows(/feedback started/, 50_000),
      scoring?.shows(/scoring started/, 50_000),
    ])
    const port = (await gateway?.shows(/"decision_port":(\d+)/, 50_000))?.[1]

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
    await eventually(
      'mallory is restricted',
      async () => {
        await ask('mallory', 'delete', decided.length)
        return (await ask('mallory', 'read', 1)) === 'permit' ? undefined : true
      },
      40_000,
    )
    expect(await ask('alice', 'read', 1)).toBe('permit')

    // then the finding and every decision are in the store, each once
    const query = async (sql: string): Promise<string> => {
      const run = gatewatch('query', sql, '--json')
      await run.exited()
      return run.output().trim()
    }
    await eventually(
      'every decision is stored',
      async () => {
        const found = await query('SELECT count() AS n, uniqExact(id) AS ids FROM decisions')
        return found.includes(`"n":${decided.length},"ids":${decided.length}`) ? true : undefined
      },
      40_000,
    )
    expect(await query('SELECT entity_id, detector_id FROM findings LIMIT 1')).toContain(
      '"entity_id":"user:mallory"',
    )

    // and each process goes in order when told to
    const ends = await Promise.all(roles.map((role) => role.stop('SIGTERM')))
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThan(15_000)
  }, 180_000)
})
