import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionOf } from '../../../../services/runtime/log/partitioner.ts'

describe('partitioner', () => {
  // From UtilsTest.testMurmur2 of Apache Kafka's Java client.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j as Kafka does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  it('places every key as kafkajs does, so that both drivers agree', () => {
    const theirs = Partitioners.DefaultPartitioner()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 48 }), (key, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 0,
          replicas: [],
          isr: [],
        }))
        const expected = theirs({ topic: 't', partitionMetadata, message: { key, value: null } })
        expect(partitionOf(key, partitions)).toBe(expected)
      }),
    )
  })
})
