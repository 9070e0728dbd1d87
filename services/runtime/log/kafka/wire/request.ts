import type { Reader, Writer } from './bytes.ts'

/**
 * One request of Kafka's protocol in one fixed version. The versions here are
 * those of Kafka 2.5, the first with what fencing by generation needs
 * (KIP-447), and Kafka 4 still answers them all; beside them those of Kafka 4
 * that make a transaction shorter, used where the cluster has them (KIP-890).
 *
 * kafkajs carries them: it connects, encrypts and authenticates. Its
 * own encodings are not used because they end before that version (its
 * TxnOffsetCommit knows no generation, its OffsetFetch no `require_stable`),
 * lose the errors of all partitions but one, and read an empty batch as nothing.
 *
 * @see https://kafka.apache.org/protocol.html
 */
export interface KafkaRequest<Response> {
  readonly api: number
  readonly version: number
  readonly name: string
  /** Flexible versions carry tagged fields after their headers (KIP-482). */
  readonly flexible?: boolean
  /** ApiVersions alone: its answer has no tagged fields after its header, so that any client can read it. */
  readonly plain_answer?: boolean
  /** How long the broker may hold the answer back by design, ms. */
  readonly held_ms?: number
  encode(to: Writer): void
  decode(from: Reader): Response
}

/** An answer that is an error alone, after how long the broker throttled us. */
export function readError(from: Reader): { readonly error: number } {
  from.int32()
  return { error: from.int16() }
}
