import { setTimeout as pause } from 'node:timers/promises'
import type { AclEntry, Admin, Kafka } from 'kafkajs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessDecisions, accessFindings, accessScored, subjectCensus, topics } from '../../schemas/topics.ts'
import { IN_MEMORY } from '../../services/cli/erase/refuse-living.ts'
import { RIGHTS } from '../../services/cli/roles/rights.ts'
import { eraseByAppending } from '../../services/erasure/log-eraser.ts'
import { namesOf as namesOfPerson } from '../../services/erasure/person.ts'
import { DELETED, erasureRights } from '../../services/erasure/rights.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { withRecordDeletion } from '../../services/runtime/log/kafka/admin/delete-records.ts'
import { checkDeletionRights } from '../../services/runtime/log/kafka/admin/rights.ts'
import { GatewatchError } from '../../services/runtime/errors.ts'
import { checkKafka } from '../../services/runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/client/connect.ts'
import { openKafkaLog } from '../../services/runtime/log/kafka/kafka-log.ts'
import { namesOf } from '../../services/runtime/log/kafka/names.ts'
import { logMetrics } from '../../services/runtime/log/log-metrics.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { eventually } from '../support/eventually.ts'
import { sampleScored } from '../support/events/samples.ts'
import { acl, aclsOf, grant, takeAway } from '../support/kafka/kafka-acls.ts'
import { canStartBrokers } from '../support/kafka/kafka-broker.ts'
import { startSecuredBroker, type SecuredBroker } from '../support/kafka/kafka-secured.ts'
import { textsOf } from '../support/log/stored-records.ts'

const quiet = pino({ level: 'silent' })
const [USER, STRANGER, ERASER] = ['scoring-1', 'stranger-1', 'eraser-1']
const PREFIX = 'acme.'

describe.skipIf(!canStartBrokers())('what a user on Kafka may do', () => {
  let broker: SecuredBroker
  let kafka: Kafka
  let admin: Admin
  const operators = () => KafkaConfig.parse({ brokers: broker.plain, topic_prefix: PREFIX, partitions: 2 })
  const settings = (username: string) =>
    KafkaConfig.parse({
      brokers: broker.sasl,
      topic_prefix: PREFIX,
      partitions: 2,
      create_topics: false,
      ssl: { ca_file: broker.caFile },
      sasl: { mechanism: 'plain', username, password_file: broker.passwordFile },
    })
  const start = (username: string) => checkKafka(settings(username), quiet, topics, RIGHTS.scoring)

  /** The broker acts on what changed in a moment of its own. */
  const allowed = () =>
    eventually('the rights are in force', () =>
      start(USER).then(
        () => true,
        () => false,
      ),
    )

  /** Takes rights away while `during` runs. */
  async function without(entries: AclEntry[], during: () => Promise<void>): Promise<void> {
    await takeAway(admin, entries)
    try {
      await during()
    } finally {
      await grant(admin, entries)
      await allowed()
    }
  }

  beforeAll(async () => {
    broker = await startSecuredBroker({ users: [USER, STRANGER, ERASER], authorizer: true })
    await checkKafka(operators(), quiet, topics)
    kafka = await connectKafka(operators(), quiet)
    admin = kafka.admin()
    await admin.connect()
    await grant(admin, aclsOf(USER, RIGHTS.scoring, namesOf(operators())))
    await allowed()
  })
  afterAll(async () => {
    await admin?.disconnect()
    await broker?.dispose()
  })

  it('a start that lacks rights of any kind is refused in one sentence that names them', async () => {
    const lacking = [
      [acl(USER, 'TOPIC', 'acme.access.decisions.v1', 'READ'), 'Read on topic acme.access.decisions.v1'],
      [acl(USER, 'TOPIC', 'acme.access.findings.v1', 'WRITE'), 'Write on topic acme.access.findings.v1'],
      [acl(USER, 'GROUP', 'acme.scoring-source', 'READ'), 'Read on group acme.scoring-source'],
      [
        acl(USER, 'TRANSACTIONAL_ID', 'acme.gatewatch.', 'WRITE'),
        'Write on transactional ids that begin with acme.gatewatch.',
      ],
    ] as const
    const refusal = () =>
      start(USER).then(
        () => '',
        (error: unknown) =>
          error instanceof GatewatchError && error.code === 'ERR_LOG_DENIED' ? error.message : '',
      )
    const entries = lacking.map(([entry]) => entry)
    await without(entries, async () => {
      const said = await eventually('a refusal that names them', async () => {
        const message = await refusal()
        return lacking.every(([, named]) => message.includes(named)) && message
      })
      // In whatever order Kafka tells of topics.
      const named = lacking.map(([, one]) => one).reduce((text, one) => text.replace(one, '*'), said)
      expect(named).toBe(
        `Kafka does not let User:${USER} do what this process must: grant it *; *; *; * (deploy/kafka/README.md lists what each role needs).`,
      )
    })
  })

  it('a start of somebody with no right at all names the first five and counts the others', async () => {
    await expect(start(STRANGER)).rejects.toThrow(
      /^Kafka does not let User:stranger-1 do .*: grant it (Describe .* on topic .*; ){4}Describe .* on topic .*, and \d+ more \(/,
    )
  })

  it.each([
    ['Write on the topic of its outputs', acl(USER, 'TOPIC', 'acme.access.scored.v1', 'WRITE'), 'topic'],
    ['Read on the topic of its inputs', acl(USER, 'TOPIC', 'acme.access.decisions.v1', 'READ'), 'topic'],
    ['Read on its group', acl(USER, 'GROUP', 'acme.scoring', 'READ'), 'group'],
    ['its transactional ids', acl(USER, 'TRANSACTIONAL_ID', 'acme.gatewatch.', 'WRITE'), 'transaction'],
  ])(
    'a consumer that loses %s while it runs says so, tries again, and loses and doubles nothing',
    async (_, entry, resource) => {
      const registry = new Registry()
      const said: string[] = []
      const logger = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) })
      const log = await openKafkaLog({ config: settings(USER), logger, metrics: logMetrics(registry) })
      const feeder = await openKafkaLog({ config: operators(), logger: quiet })
      const consumption = await log.consume({
        group: 'scoring',
        topics: [accessDecisions],
        handle: copyTo(accessScored),
      })
      let sent = 0
      const send = () =>
        feeder.append(
          Array.from({ length: 10 }, () => ({
            topic: accessDecisions,
            key: `key-${sent}`,
            value: `${resource}-${sent++}`,
          })),
        )
      const denied = async () =>
        (await registry.getSingleMetric('gatewatch_log_denied_requests_total')?.get())?.values.find(
          ({ labels }) => labels['resource'] === resource,
        )?.value ?? 0
      await send()
      await consumption.drained()
      await without([entry], async () => {
        await eventually('it is counted', async () => {
          await send()
          await pause(100)
          return (await denied()) > 0
        })
        await eventually('it is said', () =>
          /ERR_LOG_DENIED.*Kafka denies our user .*acme\./.test(said.join('')),
        )
      })
      await consumption.drained()
      await consumption.stop()
      const [from, to] = [await textsOf(feeder, accessDecisions), await textsOf(feeder, accessScored)]
      expect(to).toEqual(from)
      await log.close()
      await feeder.close()
    },
  )

  it('whoever erases with --delete-records needs what the README says and no more, and is refused before anything is begun where one right lacks', async () => {
    const config = settings(ERASER)
    const erasing = erasureRights(IN_MEMORY)
    const deleting = [
      acl(ERASER, 'CLUSTER', 'kafka-cluster', 'DESCRIBE'),
      acl(ERASER, 'GROUP', '*', 'DESCRIBE'),
      ...DELETED.map((topic) => acl(ERASER, 'TOPIC', namesOf(config).topic(topic), 'DELETE')),
    ]
    // Of groups it sees all, which holds those that must not be at work.
    const rights = [...aclsOf(ERASER, { ...erasing, watches: [] }, namesOf(config)), ...deleting]
    const asked = async () => {
      await checkDeletionRights(await connectKafka(config, quiet), config, DELETED)
      await checkKafka(config, quiet, topics, erasing)
    }
    const said = () =>
      asked().then(
        () => 'allowed',
        (error: unknown) => String(error),
      )
    await grant(admin, rights)
    await eventually('the rights are in force', async () => (await said()) === 'allowed')

    // given a person's records, and what a group of somebody else's has read of them
    const log = await openKafkaLog({ config, logger: quiet })
    const at = new Date().toISOString()
    const { decision } = sampleScored({ id: 'of-alice', decided_at: at })
    const operator = await openKafkaLog({ config: operators(), logger: quiet })
    await operator.append([
      jsonRecord(accessDecisions, decision),
      jsonRecord(subjectCensus, {
        schema_version: 1 as const,
        tenant: 'default',
        subject: 'user:alice',
        first_permitted_at: at,
      }),
    ])
    const names = namesOfPerson({
      tenant: 'default',
      subject: { type: 'user', id: 'alice' },
      sessions: [],
      devices: [],
      addresses: [],
      prefixes: [],
    })
    for (const group of IN_MEMORY) expect(await log.hasMembers(group)).toBe(false)
    const { counts, places } = await eraseByAppending(log, names, Date.now(), () => {})
    expect(counts).toEqual({ 'subject.census.v1': 1 })
    const [[partition = 0, before = 0] = []] = places.get(accessDecisions) ?? []
    const topic = namesOf(config).topic(accessDecisions)
    await admin.setOffsets({ groupId: 'siem', topic, partitions: [{ partition, offset: '0' }] })
    const behind = () =>
      withRecordDeletion(config, quiet, (deletion) =>
        deletion.behind(accessDecisions, new Map([[partition, before]])),
      )
    expect(await behind()).toContain('siem')
    await withRecordDeletion(config, quiet, (deletion) =>
      deletion.deleteBefore(accessDecisions, new Map([[partition, before]])),
    )
    const marks = await log.watermarks(accessDecisions)
    expect(marks.find((mark) => mark.partition === partition)?.low).toBe(before)
    await operator.close()
    await log.close()

    // when they are taken away again, then it is said which
    await takeAway(admin, deleting.slice(0, 3))
    const lacking =
      'grant it Describe on the cluster; Describe on every group (*); Delete on topic acme.access.decisions.v1 ('
    await eventually('the rights are gone', async () => (await said()).includes(lacking))
  })

  it('an append without the right is refused with the name of the topic, and others go on', async () => {
    const entry = acl(USER, 'TOPIC', 'acme.access.findings.v1', 'WRITE')
    const log = await openKafkaLog({ config: settings(USER), logger: quiet })
    const append = (topic: typeof accessFindings | typeof accessScored) =>
      log.append([{ topic, key: 'k', value: 'v' }])
    await without([entry], async () => {
      const refused = await eventually('a refusal', () =>
        append(accessFindings).then(
          () => null,
          (error: unknown) => error,
        ),
      )
      expect(refused).toMatchObject({
        code: 'ERR_LOG_DENIED',
        message: expect.stringMatching(/denies our user topic acme\.access\.findings\.v1/),
      })
      await expect(append(accessScored)).resolves.toBeUndefined()
    })
    await expect(append(accessFindings)).resolves.toBeUndefined()
    await log.close()
  })
})
