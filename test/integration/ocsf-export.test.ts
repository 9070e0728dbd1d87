import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessFindings, accessScored, exportOcsf, topics, type LogTopic } from '../../schemas/topics.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { startCaseStack, type CaseStack } from '../support/console/case-stack.ts'
import { cliRun, type CliRun } from '../support/whole/cli-run.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { createTopics, newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { ocsfMistakes } from '../support/ocsf/ocsf-schema.ts'
import { sampleFinding, sampleScored } from '../support/events/samples.ts'
import { eventually } from '../support/eventually.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'

type Event = { class_uid: number; time: number; metadata: { uid: string } }

const parsed = (text: string): Event[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)

describe('to a file', () => {
  let stack: CaseStack
  let directory: string
  const gatewatch = (...args: string[]): Promise<CliRun> =>
    cliRun(['--data-dir', stack.runtime.dataDir, 'export', ...args])

  beforeAll(async () => {
    stack = await startCaseStack()
    directory = await mkdtemp(join(tmpdir(), 'gatewatch-export-'))
  })
  afterAll(async () => {
    await stack.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('every decision of the store is one event that OCSF takes, in the order of event time', async () => {
    const { code, out } = await gatewatch('--class', 'decisions')
    expect(code).toBe(0)
    const events = parsed(out)
    expect(events.map(({ metadata }) => metadata.uid)).toEqual(stack.decisions.map(({ id }) => id))
    for (const event of events) expect(ocsfMistakes(event)).toEqual([])
  })

  it('a range has its first instant and not its last', async () => {
    const [from, to] = [stack.decisions[10], stack.decisions[20]].map((one) => one?.decided_at ?? '')
    const { out } = await gatewatch('--class', 'decisions', '--from', from ?? '', '--to', to ?? '')
    expect(parsed(out).map(({ metadata }) => metadata.uid)).toEqual(
      stack.decisions.slice(10, 20).map(({ id }) => id),
    )
  })

  it('a file is there whole, for its owner alone, and nothing else is', async () => {
    const path = join(directory, 'findings.ndjson')
    const { code, err, out } = await gatewatch('--out', path)
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toMatch(/^Wrote .*findings\.ndjson: 1 findings\.$/m)
    const events = parsed(await readFile(path, 'utf8'))
    expect(events).toMatchObject([{ class_uid: 2004, finding_info: { uid: 'f-1' } }])
    for (const event of events) expect(ocsfMistakes(event)).toEqual([])
    expect(await readdir(directory)).toEqual(['findings.ndjson'])
  })

  it('a file that can not be finished leaves what was there as it was', async () => {
    const { code } = await gatewatch('--out', join(directory, 'not', 'there.ndjson'))
    expect(code).toBe(1)
    expect(await readdir(directory)).toEqual(['findings.ndjson'])
  })

  it('nothing stored is an empty answer', async () => {
    expect(await gatewatch('--tenant', 'nobody')).toMatchObject({ code: 0, out: '', err: '' })
  })

  it.each([
    [['--kafka-topic'], /needs Kafka/],
    [['--follow'], /need --kafka-topic/],
    [['--kafka-topic', 'access.findings.v1'], /can't be exported to/],
    [['--kafka-topic', 'x', '--out', 'y'], /Choose one of/],
    [['--from', 'soon'], /--from must be an instant/],
  ])('%j is refused with a reason', async (args, said) => {
    const { code, err } = await gatewatch(...args)
    expect(code).toBe(2)
    expect(err).toMatch(said)
  })
})

describe.skipIf(!hasKafka())('to Kafka', () => {
  let brokers: string[]
  let prefix: string
  let log: EventLog
  let directory: string
  let env: Record<string, string>

  beforeAll(async () => {
    brokers = await kafkaBrokers()
    prefix = newPrefix()
    directory = await mkdtemp(join(tmpdir(), 'gatewatch-export-'))
    log = await openTestLog({ brokers, prefix, partitions: 2 })
    await createTopics(KafkaConfig.parse({ brokers, topic_prefix: prefix, partitions: 2 }), topics)
    env = {
      GATEWATCH_DATA_DIR: directory,
      GATEWATCH_KAFKA__BROKERS: brokers.join(','),
      GATEWATCH_KAFKA__TOPIC_PREFIX: prefix,
      GATEWATCH_KAFKA__PARTITIONS: '2',
      GATEWATCH_KAFKA__SESSION_TIMEOUT: '2s',
    }
  })
  afterAll(async () => {
    await log.close()
    await rm(directory, { recursive: true, force: true })
  })

  async function find(...ids: string[]): Promise<void> {
    await log.append(
      ids.map((id, n) =>
        jsonRecord(
          accessFindings,
          sampleFinding({
            id,
            observed_at: new Date(Date.UTC(2026, 0, 5) + n * 1000).toISOString(),
            entity: { type: 'subject', id: `user:u${n % 5}` },
          }),
        ),
      ),
    )
  }

  async function exported(topic: LogTopic): Promise<Event[]> {
    const events: Event[] = []
    for (const { partition } of await log.watermarks(topic))
      for await (const records of log.read(topic, { partition }))
        for (const { value } of records)
          events.push(JSON.parse(Buffer.from(value ?? []).toString('utf8')) as Event)
    return events
  }
  const uids = (events: readonly Event[]) => events.map(({ metadata }) => metadata.uid).toSorted()

  it('a second run goes on where the first ended, and a repeated one exports nothing twice', async () => {
    await find('k-1', 'k-2', 'k-3')
    expect(await cliRun(['export', '--kafka-topic'], env)).toMatchObject({
      code: 0,
      err: expect.stringContaining('Exported 3 findings to export.ocsf.v1.'),
    })
    await find('k-4')
    expect(await cliRun(['export', '--kafka-topic'], env)).toMatchObject({
      code: 0,
      err: expect.stringContaining('Exported 1 findings'),
    })
    const events = await exported(exportOcsf)
    expect(uids(events)).toEqual(['k-1-1', 'k-2-1', 'k-3-1', 'k-4-1'])
    for (const event of events) expect(ocsfMistakes(event)).toEqual([])
  })

  it('decisions go the same way, as scored, in a topic and with a position of their own', async () => {
    const scored = ['s-1', 's-2', 's-3'].map((id, n) =>
      sampleScored({ id, decided_at: new Date(Date.UTC(2026, 0, 5) + n * 1000).toISOString() }),
    )
    await log.append(scored.map((one) => jsonRecord(accessScored, one)))
    const run = await cliRun(['export', '--class', 'decisions', '--kafka-topic', 'siem-decisions'], env)
    expect(run).toMatchObject({
      code: 0,
      err: expect.stringContaining('Exported 3 decisions to siem-decisions.'),
    })
    const events = await exported({ ...exportOcsf, name: 'siem-decisions' })
    expect(events.map(({ class_uid }) => class_uid)).toEqual([6003, 6003, 6003])
    expect(uids(events)).toEqual(['s-1', 's-2', 's-3'])
    for (const event of events) expect(ocsfMistakes(event)).toEqual([])
  })

  it('following survives kill -9: nothing is missing, and nothing is there twice', async () => {
    const own = { ...exportOcsf, name: 'siem' }
    const start = () => runCliProcess(['export', '--kafka-topic', 'siem', '--follow'], env, directory)
    const ids = (from: number) => Array.from({ length: 200 }, (_, n) => `f-${from + n}`)
    await find(...ids(0))
    const first = start()
    await first.shows(/Exporting to siem/, 60_000)
    await find(...ids(200))
    await eventually('some are exported', async () => (await exported(own)).length > 100)
    await first.stop('SIGKILL')
    await find(...ids(400))
    const second = start()
    await eventually('all are exported', async () => (await exported(own)).length >= 604)
    await find('last')
    await eventually('the last is exported', async () => uids(await exported(own)).includes('last-1'))
    expect(await second.stop('SIGTERM')).toMatchObject({ code: 0 })
    const found = uids(await exported(own))
    expect(found).toEqual(
      [...ids(0), ...ids(200), ...ids(400), 'k-1', 'k-2', 'k-3', 'k-4', 'last']
        .map((id) => `${id}-1`)
        .toSorted(),
    )
  })
})
