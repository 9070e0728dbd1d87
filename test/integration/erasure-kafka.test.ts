import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  accessActivity,
  accessDecisions,
  accessScored,
  privacyErasures,
  topics,
} from '../../schemas/topics.ts'
import { openRuntime } from '../../services/cli/open-runtime.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { cliRun } from '../support/whole/cli-run.ts'
import { contentsOf } from '../support/erasure/contents.ts'
import { configOf, makeWorld } from '../support/erasure/erasure-world.ts'
import { linesOf } from '../support/erasure/log-and-store.ts'
import { ALICE, MARKERS, ofAlice } from '../support/erasure/two-people.ts'
import { eventually } from '../support/eventually.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'

describe.skipIf(!hasKafka())('gatewatch erase on Kafka', () => {
  it('waits until who keeps people in memory is stopped; killed in the middle and gone on with, it leaves tables and store without the person, says what expires when, and the chain is proven', async () => {
    // given two people's traces in the topics of a real broker, and in a store
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-erasure-kafka-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
    const dataDir = join(directory, 'data')
    const [brokers, prefix] = [await kafkaBrokers(), newPrefix()]
    const config = configOf(dataDir, { brokers, topic_prefix: prefix, partitions: 1, session_timeout: '2s' })
    const env = {
      GATEWATCH_DATA_DIR: dataDir,
      GATEWATCH_KAFKA__BROKERS: brokers.join(','),
      GATEWATCH_KAFKA__TOPIC_PREFIX: prefix,
      GATEWATCH_KAFKA__PARTITIONS: '1',
      GATEWATCH_KAFKA__SESSION_TIMEOUT: '2s',
    }
    await makeWorld(config)

    // when a role is still at work on some machine, then nothing is begun
    const elsewhere = await openTestLog({ brokers, prefix, partitions: 1 })
    const role = await elsewhere.consume({ group: 'storage', topics: [accessScored], handle: () => [] })
    expect(await cliRun(['erase', ALICE.id, '--yes'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('stop scoring, calibration, storage and feedback on every machine'),
    })
    await role.stop()

    // when the command is killed once it has begun, and somebody goes on with it
    const killed = runCliProcess(['erase', ALICE.id, '--yes', '--by', 'request 7'], env, directory)
    await eventually('an erasure begun', async () => (await pending(dataDir)).length > 0)
    await killed.stop('SIGKILL')
    expect(await pending(dataDir)).toHaveLength(1)
    // once a program of somebody else's has read but one of the slim records, and this time everything may go that can
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const activity = `${prefix}${accessActivity.name}`
    await admin.setOffsets({ groupId: 'siem', topic: activity, partitions: [{ partition: 0, offset: '1' }] })
    const done = await cliRun(['erase', '--pending', '--delete-records', '--json'], env)
    expect(done.code).toBe(0)
    const kept = [
      { topic: 'access.activity.v1', groups: ['siem'] },
      { topic: 'access.scored.v1', groups: ['calibration'] },
      { topic: 'access.findings.v1', groups: ['calibration', 'feedback'] },
      { topic: 'analyst.verdicts.v1', groups: ['calibration', 'feedback'] },
    ]
    expect(JSON.parse(done.out).held_back).toEqual(expect.arrayContaining(kept))
    // Of the decisions only what came after her last one is left.
    const [first] = await admin.fetchTopicOffsets(`${prefix}${accessDecisions.name}`)
    expect([first?.low, first?.high]).toEqual(['119', '120'])
    expect(await pending(dataDir)).toEqual([])

    // then the record says who asked, what went, and what expires when; nobody's name
    const table = await elsewhere.openTable(privacyErasures)
    await table.caughtUp()
    const records = [...table.entries()].map(([, value]) => Buffer.from(value).toString())
    await table.close()
    await elsewhere.close()
    expect(records.map((text) => JSON.parse(text))).toEqual([
      expect.objectContaining({ state: 'done', requested_by: 'request 7', overruled: [] }),
    ])
    expect(MARKERS.filter((word) => (records[0] ?? '').includes(word))).toEqual([])
    const { counts, remaining } = JSON.parse(records[0] ?? '')
    expect(counts['access.decisions.v1']).toBe(60)
    // What the one that was killed had done is not done again.
    const most = { decisions: 60, 'risk.state.v1': 2, 'access.stories.v1': 2 }
    for (const [what, count] of Object.entries(most)) expect(counts[what] ?? 0).toBeLessThanOrEqual(count)
    const left = new Map<string, { records: number; until: string }>(
      remaining.map((one: { topic: string; records: number; until: string }) => [one.topic, one]),
    )
    const topicsLeft = [...left.keys()]
    expect(topicsLeft).toEqual(expect.arrayContaining(kept.map(({ topic }) => topic)))
    expect(topicsLeft).not.toContain('access.decisions.v1')
    expect(topicsLeft).not.toContain('access.decisions.v1.dead-letter')
    const week = Date.now() + 7 * 86_400_000
    expect(left.get('access.scored.v1')).toMatchObject({ records: 60 })
    expect(Date.parse(left.get('access.scored.v1')?.until ?? '')).toBeLessThanOrEqual(week)

    // and no row and no newest record of a compacted topic has the person, nor has any record as roles read it
    const after = await contentsOf(config)
    expect(ofAlice(after.rows)).toEqual([])
    const newest = new Map(after.lines.map((line) => [placeOf(line), line]))
    const tables = new Set(topics.filter(({ compacted }) => compacted).map(({ name }) => name))
    // A tombstone names its key until the brokers clean it away (delete.retention.ms).
    const compacted = [...newest.values()].filter(
      (line) => tables.has(line.split(' ', 1)[0] ?? '') && !line.endsWith(' {} '),
    )
    expect(compacted.length).toBeGreaterThan(5)
    expect(ofAlice(compacted)).toEqual([])
    const asRole = await openRuntime(config)
    const read = (await linesOf(asRole.eventLog)).filter((line) => !tables.has(line.split(' ', 1)[0] ?? ''))
    await asRole.close()
    expect(read.length).toBeGreaterThan(120)
    expect(ofAlice(read)).toEqual([])

    // and every decision is proven by the command
    expect(await cliRun(['verify'], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining('120 proven by 3 signed checkpoints, 60 of erased persons'),
    })
  })
})

/** Topic, partition and key; keys of these topics hold no space. */
function placeOf(line: string): string {
  const [topic, partition, , key] = line.split(' ')
  return `${topic} ${partition} ${key}`
}

async function pending(dataDir: string): Promise<string[]> {
  try {
    return (await readdir(join(dataDir, 'erasures', 'pending'))).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}
