import type { Admin, EachBatchPayload, Kafka } from 'kafkajs'
import { KafkaConfig } from '../../../runtime/log/kafka/config.ts'
import { connectKafka } from '../../../runtime/log/kafka/client/connect.ts'
import { MAX_JSON_BYTES, RAW_LIMIT, sourceRecord } from '../../source/record.ts'
import type { OfferedRecord } from '../offer.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { Positions } from './position.ts'

/** Messages of one offer, which goes in one append. */
const MAX_RECORDS = 500
const MAX_BYTES = 1_048_576

export interface KafkaSettings {
  readonly name: string
  readonly topic: string
  readonly group?: string | undefined
  readonly brokers: KafkaConfig['brokers']
  readonly ssl: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
  readonly from: 'end' | 'beginning'
  readonly session_timeout: number
}

/**
 * Reads a topic. The next offsets go into our log with the decisions, in one
 * append, and nowhere else: in the foreign group nothing is ever committed, so
 * nobody there can move us, and no message is lost or taken twice whoever dies.
 */
export async function startKafka(settings: KafkaSettings, context: SourceContext): Promise<RunningSource> {
  const { intake, now } = context
  const { brokers, ssl, sasl, topic } = settings
  const kafka = await connectKafka(KafkaConfig.parse({ brokers, ssl, sasl }), context.logger)
  const positions = await beginAt(kafka, settings, context)
  const groupId = settings.group ?? `gatewatch-${settings.name}`
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: settings.session_timeout,
    heartbeatInterval: Math.floor(settings.session_timeout / 3),
    maxBytes: MAX_BYTES,
    maxBytesPerPartition: MAX_BYTES,
    maxWaitTimeInMs: 500,
    // What fails is begun anew by who started this source, from the log's position.
    retry: { retries: 5, restartOnFailure: async () => false },
  })
  const { promise: ended, reject } = Promise.withResolvers<void>()
  const behind = new Map<number, bigint>()
  let caughtUp: number | null = null
  let sought = new Set<number>()

  function seek(partition: number): void {
    sought.add(partition)
    consumer.seek({ topic, partition, offset: String(positions.get(partition) ?? 0n) })
  }

  async function take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const { partition } = batch
    // Of what was fetched before our place was known, nothing is taken.
    if (!sought.has(partition)) return seek(partition)
    const from = positions.get(partition) ?? 0n
    const messages = batch.messages.filter(({ offset }) => BigInt(offset) >= from)
    for (let at = 0; at < messages.length; at += MAX_RECORDS) {
      if (payload.isStale() || !payload.isRunning()) return
      const some = messages.slice(at, at + MAX_RECORDS)
      const last = some.at(-1)
      if (last === undefined) return
      const next = BigInt(last.offset) + 1n
      const records = some.flatMap(({ offset, value }) => offered(partition, offset, value))
      await intake.take({ records, position: positions.textWith(partition, next) })
      positions.set(partition, next)
      payload.resolveOffset(last.offset)
      await payload.heartbeat()
    }
    behind.set(partition, BigInt(batch.highWatermark) - (positions.get(partition) ?? 0n))
  }

  function offered(partition: number, offset: string, value: Buffer | null): OfferedRecord[] {
    if (value === null) return []
    const place = { line: 1, byte: 0 }
    const record =
      value.length > MAX_JSON_BYTES
        ? sourceRecord(Buffer.from(value.subarray(0, RAW_LIMIT)), place, 'too_long', value.length)
        : sourceRecord(value, place)
    return [{ record, identity: `${topic}/${partition}/${offset}`, repeats: false }]
  }

  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    sought = new Set()
    behind.clear()
    for (const partition of payload.memberAssignment[topic] ?? []) seek(partition)
  })
  consumer.on(consumer.events.FETCH, () => {
    if (sought.size > 0 && [...behind.values()].every((messages) => messages <= 0n)) caughtUp = now()
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take })
  } catch (error) {
    await consumer.disconnect().catch(() => {})
    throw error
  }
  return {
    ended,
    caughtUpMs: () => caughtUp,
    stop: () => consumer.disconnect(),
  }
}

/** Where each partition goes on; written down at once where the topic was never read before. */
async function beginAt(
  kafka: Kafka,
  { topic, from }: KafkaSettings,
  { intake, metrics, logger }: SourceContext,
): Promise<Positions> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const ends = await admin.fetchTopicOffsets(topic)
    const before = intake.before?.position ?? null
    if (before !== null) {
      const positions = Positions.parse(before)
      tellExpired(ends, positions, () => {
        metrics.lost('expired')
        logger.error({ topic }, 'messages went out of the topic before they were read; they are lost')
      })
      return positions
    }
    const positions = new Positions()
    for (const { partition, low, high } of ends) positions.set(partition, BigInt(from === 'end' ? high : low))
    await intake.take({ records: [], position: positions.toString() })
    return positions
  } finally {
    await admin.disconnect()
  }
}

function tellExpired(
  ends: Awaited<ReturnType<Admin['fetchTopicOffsets']>>,
  positions: Positions,
  lost: () => void,
): void {
  for (const { partition, low } of ends) {
    const next = positions.get(partition)
    if (next === undefined || next >= BigInt(low)) continue
    positions.set(partition, BigInt(low))
    lost()
  }
}
