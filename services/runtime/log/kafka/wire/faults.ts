import { GatewatchError, type ErrorCode } from '../../../errors.ts'

/** The error codes of the protocol that the driver acts on; the others only have their number. */
export const CODES = {
  none: 0,
  offset_out_of_range: 1,
  unknown_topic: 3,
  message_too_large: 10,
  coordinator_loading: 14,
  coordinator_away: 15,
  not_coordinator: 16,
  record_list_too_large: 18,
  illegal_generation: 22,
  unknown_member: 25,
  invalid_session_timeout: 26,
  rebalancing: 27,
  topic_denied: 29,
  group_denied: 30,
  cluster_denied: 31,
  out_of_order_sequence: 45,
  duplicate_sequence: 46,
  invalid_producer_epoch: 47,
  invalid_transaction_state: 48,
  invalid_producer_mapping: 49,
  concurrent_transactions: 51,
  transaction_denied: 53,
  unknown_producer: 59,
  group_not_empty: 68,
  member_id_required: 79,
  fenced_instance: 82,
  unstable_offset: 88,
  producer_fenced: 90,
  transaction_abortable: 120,
} as const

/** Gone by itself after a while, or once the metadata or the coordinator was asked for again. */
const PASSING = new Set<number>([
  2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 72, 74, 75, 76, 77, 78, 84, 88, 89, 100, 103,
])

/** An answer of a broker that says no. */
export class KafkaFault extends Error {
  /** What was asked for, by its name on Kafka. */
  readonly what: string
  readonly error: number
  readonly passing: boolean

  constructor(what: string, error: number) {
    super(`${what} was answered with error ${error}${nameOf(error)}`)
    this.name = 'KafkaFault'
    this.what = what
    this.error = error
    this.passing = PASSING.has(error)
  }
}

/** No answer: the connection broke, could not be made, or the time is up. What was asked may have been done. */
export class NoAnswer extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what} had no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'NoAnswer'
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof KafkaFault && error.passing)
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof KafkaFault ? error.error : undefined
}

/** Which kind of right is missing; undefined for any other fault. */
export function deniedOf(error: unknown): 'topic' | 'group' | 'cluster' | 'transaction' | undefined {
  switch (codeOf(error)) {
    case CODES.topic_denied:
      return 'topic'
    case CODES.group_denied:
      return 'group'
    case CODES.cluster_denied:
      return 'cluster'
    case CODES.transaction_denied:
      return 'transaction'
    default:
      return undefined
  }
}

export function check(what: string, error: number): void {
  if (error !== 0) throw new KafkaFault(what, error)
}

/** A fault that no waiting heals, as one sentence with its remedy; others as they are. */
export function toLogError(error: unknown): Error {
  if (error instanceof GatewatchError) return error
  const told = error instanceof KafkaFault ? REMEDIES[error.error] : undefined
  if (told !== undefined && error instanceof KafkaFault)
    return new GatewatchError(told[0], told[1].replace('{what}', error.what), { cause: error })
  if (isPassing(error)) return unavailable(error)
  return error instanceof Error ? error : new Error(String(error))
}

export function unavailable(cause: unknown): GatewatchError {
  return new GatewatchError(
    'ERR_LOG_UNAVAILABLE',
    'Kafka did not take the records in time: check that its brokers are up and reachable, then it goes on by itself.',
    { retriable: true, cause },
  )
}

const REMEDIES: Record<number, [ErrorCode, string]> = {
  [CODES.message_too_large]: [
    'ERR_RECORD_TOO_LARGE',
    'A record is larger than its topic on Kafka takes: raise max.message.bytes of the topic, or make the record smaller.',
  ],
  [CODES.record_list_too_large]: [
    'ERR_RECORD_TOO_LARGE',
    'Records are larger than a segment of their topic on Kafka: raise segment.bytes of the topic.',
  ],
  [CODES.topic_denied]: [
    'ERR_LOG_DENIED',
    'Kafka denies our user {what}: grant it Read, Write and Describe on that topic, as its role needs them (deploy/kafka/README.md).',
  ],
  [CODES.group_denied]: [
    'ERR_LOG_DENIED',
    'Kafka denies our user {what}: grant it Read on that consumer group (deploy/kafka/README.md).',
  ],
  [CODES.cluster_denied]: [
    'ERR_LOG_DENIED',
    'Kafka denies our user {what}: grant it IdempotentWrite on the cluster, or Write on a topic (deploy/kafka/README.md).',
  ],
  [CODES.transaction_denied]: [
    'ERR_LOG_DENIED',
    'Kafka denies our user {what}: grant it Write and Describe on transactional ids with that prefix (deploy/kafka/README.md).',
  ],
}

function nameOf(error: number): string {
  for (const [name, code] of Object.entries(CODES)) if (code === error) return ` (${name})`
  return ''
}
