import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { openCluster } from '../../../../../../services/runtime/log/kafka/wire/kafkajs-inside.ts'

it('this version of kafkajs hands out its cluster, a new one each time, not connected', () => {
  const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
  const [one, other] = [openCluster(kafka), openCluster(kafka)]
  expect(one).not.toBe(other)
  expect(one.getNodeIds()).toEqual([])
})
