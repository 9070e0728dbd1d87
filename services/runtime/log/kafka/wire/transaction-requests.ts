import {
  readByTopic,
  readCompactByTopic,
  writeByTopic,
  writeCompactByTopic,
  type PartitionError,
  type TopicPartition,
} from './by-topic.ts'
import { Reader, type Writer } from './bytes.ts'
import type { Membership, OffsetToCommit } from './group-requests.ts'
import type { Producer } from './record-batch.ts'
import { readError, type KafkaRequest } from './request.ts'

/**
 * A producer id. With a transactional id: the same id with the next epoch, its
 * open transaction aborted and whoever used the epoch before fenced off.
 */
export function initProducer(
  transactionalId: string | null,
  timeoutMs: number,
): KafkaRequest<{ error: number; producer: Producer }> {
  return {
    api: 22,
    version: 1,
    name: 'InitProducerId',
    encode(to) {
      to.string(transactionalId)
      to.int32(timeoutMs)
    },
    decode(from) {
      from.int32()
      return { error: from.int16(), producer: { id: from.int64(), epoch: from.int16() } }
    },
  }
}

/** A transaction's identity, as each of its requests carries it. */
export interface Transaction {
  readonly id: string
  readonly producer: Producer
}

function writeTransaction(to: Writer, { id, producer }: Transaction): void {
  to.string(id)
  writeProducer(to, producer)
}

function writeProducer(to: Writer, { id, epoch }: Producer): void {
  to.int64(id)
  to.int16(epoch)
}

export function addPartitions(
  transaction: Transaction,
  partitions: readonly TopicPartition[],
): KafkaRequest<PartitionError[]> {
  return {
    api: 24,
    version: 1,
    name: 'AddPartitionsToTxn',
    encode(to) {
      writeTransaction(to, transaction)
      writeByTopic(to, partitions)
    },
    decode(from) {
      from.int32()
      return readByTopic(from, (place) => ({ ...place, error: from.int16() }))
    },
  }
}

export function addOffsets(transaction: Transaction, group: string): KafkaRequest<{ error: number }> {
  return {
    api: 25,
    version: 1,
    name: 'AddOffsetsToTxn',
    encode(to) {
      writeTransaction(to, transaction)
      to.string(group)
    },
    decode: readError,
  }
}

/** Refused unless the member still belongs to the generation: the fence of KIP-447. */
export function commitOffsetsInTransaction(
  transaction: Transaction,
  as: Membership,
  offsets: readonly OffsetToCommit[],
  /** The offsets join the transaction by being written (KIP-890); otherwise `addOffsets` comes first. */
  joining: boolean,
): KafkaRequest<PartitionError[]> {
  return {
    api: 28,
    version: joining ? 5 : 3,
    name: 'TxnOffsetCommit',
    flexible: true,
    encode(to) {
      to.compactString(transaction.id)
      to.compactString(as.group)
      writeProducer(to, transaction.producer)
      to.int32(as.generation)
      to.compactString(as.member)
      to.compactString(null)
      writeCompactByTopic(to, offsets, ({ offset, metadata }) => {
        to.int64(offset)
        to.int32(-1)
        to.compactString(metadata)
      })
      to.tags()
    },
    decode(from) {
      from.int32()
      return readCompactByTopic(from, (place) => ({ ...place, error: from.int16() }))
    },
  }
}

export function endTransaction(transaction: Transaction, commit: boolean): KafkaRequest<{ error: number }> {
  return {
    api: 26,
    version: 1,
    name: 'EndTxn',
    encode(to) {
      writeTransaction(to, transaction)
      to.int8(commit ? 1 : 0)
    },
    decode: readError,
  }
}

/** As `endTransaction`, and the answer brings the epoch of the next transaction: one more fence between the two (KIP-890). */
export function endAndBump(
  transaction: Transaction,
  commit: boolean,
): KafkaRequest<{ error: number; producer: Producer }> {
  return {
    api: 26,
    version: 5,
    name: 'EndTxn',
    flexible: true,
    encode(to) {
      to.compactString(transaction.id)
      writeProducer(to, transaction.producer)
      to.int8(commit ? 1 : 0)
      to.tags()
    },
    decode(from) {
      from.int32()
      return { error: from.int16(), producer: { id: from.int64(), epoch: from.int16() } }
    },
  }
}

/** Which version of transactions the whole cluster has agreed on: 2 from Kafka 4 on, unless held back. */
export function transactionVersion(): KafkaRequest<number> {
  return {
    api: 18,
    version: 3,
    name: 'ApiVersions',
    flexible: true,
    plain_answer: true,
    encode(to) {
      to.compactString('gatewatch')
      to.compactString('1')
      to.tags()
    },
    decode(from) {
      if (from.int16() !== 0) return 0
      from.compactArray(() => {
        from.raw(6)
        from.tags()
      })
      from.int32()
      const features = from.tags().get(FINALIZED_FEATURES)
      if (features === undefined) return 0
      const reader = new Reader(features)
      const found = reader.compactArray(() => {
        const name = reader.compactString()
        const level = reader.int16()
        reader.int16()
        reader.tags()
        return { name, level }
      })
      return found.find(({ name }) => name === 'transaction.version')?.level ?? 0
    },
  }
}

const FINALIZED_FEATURES = 2
