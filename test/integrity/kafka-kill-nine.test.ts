import { pino } from 'pino'
import { describe, it } from 'vitest'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../services/runtime/log/kafka/kafka-log.ts'
import { canStartBrokers, startBrokers } from '../support/kafka/kafka-broker.ts'
import { expectKillsToLoseNothing } from '../support/whole/roles-apart.ts'

/** Of each of five victims: thirty; test/README.md counts them all. */
const TIMES = 6

describe.skipIf(!canStartBrokers())(
  'promises 2 and 3 on Kafka: gateway, scoring, storage, feedback and broker',
  () => {
    it(`are killed with -9 at random, each ${TIMES} times under load: no acknowledged decision is missing, none is stored twice, and findings equal a replay`, async () => {
      const brokers = await startBrokers()
      const kafka = { brokers: brokers.brokers, partitions: 3, session_timeout: '3s' }
      try {
        await expectKillsToLoseNothing({
          times: TIMES,
          kafka,
          openLog: () =>
            openKafkaLog({ config: KafkaConfig.parse(kafka), logger: pino({ level: 'silent' }) }),
          broker: { kill: () => brokers.kill(0), start: () => brokers.start(0) },
        })
      } finally {
        await brokers.dispose()
      }
    })
  },
)
