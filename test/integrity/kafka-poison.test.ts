import { CompressionTypes, Partitioners } from 'kafkajs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { decisionKey } from '../../schemas/decision.ts'
import { accessDecisions, accessScored, deadLetterOf } from '../../schemas/topics.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/connect.ts'
import { prefixed } from '../../services/runtime/log/kafka/topics.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka-broker.ts'
import { createTopics, newPrefix, openTestLog } from '../support/kafka-log-driver.ts'
import { story } from '../support/play.ts'

const FIVE_MB = 5_000_000
const logger = pino({ level: 'silent' })

describe.skipIf(!hasKafka())('poison messages of a foreign producer', () => {
  it('of 5 MB, under a wrong key, without one, and not JSON are dead letters with their reason; what comes between and after them is scored', async ({
    onTestFinished,
  }) => {
    const brokers = await kafkaBrokers()
    const prefix = newPrefix()
    const config = KafkaConfig.parse({ brokers, topic_prefix: prefix, partitions: 4 })
    await createTopics(config, [accessDecisions])
    const decisions = story({ who: 'alice', everyMs: 60_000, times: 8 })
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
    ]
    const producer = (await connectKafka(config, logger)).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    for (const [index, message] of poison.entries()) {
      const messages = [message, good[index] ?? message].map((one) => ({ ...one, partition: 2 }))
      await producer.send({
        topic: prefixed(config, accessDecisions.name),
        messages,
        compression: index === 0 ? CompressionTypes.GZIP : CompressionTypes.None,
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

    const dead: { reason: string | undefined; bytes: number }[] = []
    for (let partition = 0; partition < 4; partition += 1)
      for await (const records of eventLog.read(deadLetterOf(accessDecisions), { partition }))
        for (const { headers, value } of records)
          dead.push({ reason: headers['reason'], bytes: value?.length ?? -1 })
    expect(dead.map(({ reason }) => reason).toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
      'invalid-decision',
      'invalid-json',
      'invalid-utf8',
      'no-value',
      'too-large',
      'wrong-key',
      'wrong-key',
    ])
    // The original bytes, all of them.
    expect(Math.max(...dead.map(({ bytes }) => bytes))).toBe(big.length)
    let scored = 0
    for (let partition = 0; partition < 4; partition += 1)
      for await (const records of eventLog.read(accessScored, { partition })) scored += records.length
    expect(scored).toBe(poison.length)
  }, 60_000)
})
