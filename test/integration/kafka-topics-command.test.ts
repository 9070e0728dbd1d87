import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { runCli } from '../../services/cli.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'

async function gatewatch(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const said = { code: 0, out: '', err: '' }
  const io = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
  }
  await runCli(args, io, env, (code) => {
    said.code = code
  })
  return said
}

describe.skipIf(!hasKafka())('gatewatch topics on Kafka', () => {
  it('lists what is missing, creates it, and lists it', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}.`
    const env = {
      GATEWATCH_KAFKA__BROKERS: (await kafkaBrokers()).join(','),
      GATEWATCH_KAFKA__TOPIC_PREFIX: prefix,
      GATEWATCH_KAFKA__PARTITIONS: '4',
    }
    const before = await gatewatch(['topics'], env)
    expect(before).toMatchObject({ code: 0, err: '' })
    expect(before.out.match(/ missing /g)).toHaveLength(topics.length)

    await expect(gatewatch(['topics', '--create'], env)).resolves.toMatchObject({ code: 0, err: '' })

    const after = await gatewatch(['topics', '--json'], env)
    const lines = after.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(topics.length)
    expect(lines).toContainEqual({
      name: `${prefix}access.decisions.v1`,
      compacted: false,
      retention_ms: 604_800_000,
      partitions: 4,
      records: 0,
      differences: [],
    })
  })

  it('exits with 2 and a sentence when a topic has the wrong number of partitions', async () => {
    const env = {
      GATEWATCH_KAFKA__BROKERS: (await kafkaBrokers()).join(','),
      GATEWATCH_KAFKA__TOPIC_PREFIX: `t${randomUUID().slice(0, 8)}.`,
    }
    await gatewatch(['topics', '--create'], { ...env, GATEWATCH_KAFKA__PARTITIONS: '2' })
    const said = await gatewatch(['topics', '--create'], { ...env, GATEWATCH_KAFKA__PARTITIONS: '3' })
    expect(said.code).toBe(2)
    expect(said.err).toMatch(
      /access\.decisions\.v1 has 2 partitions and must have 3; set kafka\.partitions to 2/,
    )
  })
})

describe('gatewatch topics on the embedded log', () => {
  it('has nothing to create', async ({ onTestFinished }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-topics-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const said = await gatewatch(['-d', directory, 'topics', '--create'], {})
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toMatch(/^access\.decisions\.v1 +7 days +1 +0$/m)
  })
})
