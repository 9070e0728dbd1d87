import { describe } from 'vitest'
import { eventLogContract } from '../support/log/event-log-contract.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'

describe.skipIf(!hasKafka())('on a real broker', () => {
  eventLogContract('Kafka', async () => {
    const brokers = await kafkaBrokers()
    const prefix = newPrefix()
    return {
      open: () => openTestLog({ brokers, prefix }),
      child: {
        module: new URL('../support/log/kafka-log-driver.ts', import.meta.url).href,
        argument: JSON.stringify({ brokers, prefix }),
      },
      close: async () => {},
    }
  })
})
