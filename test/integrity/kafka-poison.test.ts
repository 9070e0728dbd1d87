import { CompressionTypes, Partitioners } from 'kafkajs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { decisionKey } from '../../schemas/decision.ts'
import { accessDecisions, accessScored, deadLetterOf } from '../../schemas/topics.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/client/connect.ts'
import { encodeBatch } from '../../services/runtime/log/kafka/wire/record-batch.ts'
import { prefixed } from '../../services/runtime/log/kafka/admin/topics.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { createTopics, newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { story } from '../support/scoring/play.ts'

const FIVE_MB = 5_000_000
const TWENTY_MB = 20_000_000
const TOPIC_TAKES = 8_388_608
/** Those of the poison that are sent compressed. */
const PACKED = new Set([0, 8])
const logger = pino({ level: 'silent' })

/** So large that its batch is what the topic takes, to the byte. */
function largestValue(key: string): number {
  const batchOf = (bytes: number) =>
    encodeBatch([{ topic: accessDecisions, key, value: new Uint8Array(bytes) }], {
      producer: { id: -1, epoch: -1 },
      sequence: -1,
      transactional: false,
      compression: 'none',
      now: 0,
    }).length
  return TOPIC_TAKES - (batchOf(TOPIC_TAKES) - TOPIC_TAKES)
}

describe.skipIf(!hasKafka())('poison messages of a foreign producer', () => {
  it('of 5 MB, as large as the topic takes and larger when unpacked, under a wrong key, without one, and not JSON are dead letters with their reason; what comes between and after them is scored', async ({
    onTestFinished,
  }) => {
    const brokers = await kafkaBrokers()
    const prefix = newPrefix()
    const config = KafkaConfig.parse({ brokers, topic_prefix: prefix, partitions: 4 })
    await createTopics(config, [accessDecisions])
    const decisions = story({ who: 'alice', everyMs: 60_000, times: 12 })
    const good = decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
    const [first] = good
    const key = first?.key ?? ''
    const big = JSON.stringify({ padding: 'x'.repeat(FIVE_MB) })
    // All in one partition, so that each must be got past to reach the next.
    const poison = [
      { key, value: big },
      { key: 'default/subject/user:mallory', value: first?.value ?? '' },
      { key: null, value: first?.value ?? '' },
      { key, value: 'not json' },
      { key, value: '[]' },
      { key, value: Buffer.from([0xff, 0xfe]) },
      { key, value: null },
      // What the topic just takes, and what it takes only because it is compressed: 20 MB, and a key of 100 KB.
      { key, value: Buffer.alloc(largestValue(key), 'y') },
      { key, value: Buffer.alloc(TWENTY_MB, 'z') },
      { key: 'k'.repeat(100_000), value: 'not json' },
      { key, value: 'not json', headers: { padding: 'h'.repeat(1_000_000) } },
    ]
    const producer = (await connectKafka(config, logger)).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    for (const [index, message] of poison.entries()) {
      const compression = PACKED.has(index) ? CompressionTypes.GZIP : CompressionTypes.None
      for (const one of [message, good[index] ?? message])
        await producer.send({
          topic: prefixed(config, accessDecisions.name),
          messages: [{ ...one, partition: 2 }],
          compression,
        })
    }

    const eventLog = await openTestLog({ brokers, prefix })
    onTestFinished(() => eventLog.close())
    const scoring = await startScoring(
      { eventLog, logger, metrics: new Registry(), dataDir: '' },
      ScoringConfig.parse({}),
    )
    onTestFinished(() => scoring.stop())
    await scoring.drained()

    const dead: { reason: string | undefined; cut_from: string | undefined; bytes: number }[] = []
    for (let partition = 0; partition < 4; partition += 1)
      for await (const records of eventLog.read(deadLetterOf(accessDecisions), { partition }))
        for (const { headers, value } of records)
          dead.push({
            reason: headers['reason'],
            cut_from: headers['cut-from'],
            bytes: value?.length ?? -1,
          })
    expect(dead.map(({ reason }) => reason).toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
      'invalid-decision',
      'invalid-json',
      'invalid-json',
      'invalid-json',
      'invalid-utf8',
      'no-value',
      'too-large',
      'too-large',
      'too-large',
      'wrong-key',
      'wrong-key',
    ])
    // The original bytes: all of them, but for what was larger than any message may be.
    const sizes = dead.map(({ bytes }) => bytes).toSorted((a, b) => b - a)
    expect(sizes.slice(0, 3)).toEqual([16 * 1024 * 1024, largestValue(key), big.length])
    expect(dead.find(({ bytes }) => bytes === sizes[0])?.cut_from).toBe(String(TWENTY_MB))
    let scored = 0
    for (let partition = 0; partition < 4; partition += 1)
      for await (const records of eventLog.read(accessScored, { partition })) scored += records.length
    expect(scored).toBe(poison.length)
  })
})
