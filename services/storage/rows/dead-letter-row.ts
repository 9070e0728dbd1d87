import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord } from '../../runtime/log/event-log.ts'
import { ingestedAt } from './row-of.ts'

const MAX_VALUE_BYTES = 65_536
const MAX_TEXT = 2048

/** A record of a dead-letter topic as a row of `dead_letters`; its headers are claims, and bounded here. */
export function deadLetterRow(topic: LogTopic, record: LogRecord, partition: number): Row {
  const { headers } = record
  const value = record.value ?? new Uint8Array()
  return {
    topic: topic.name,
    partition,
    offset: record.offset,
    source_topic: text(headers['source-topic']),
    source_partition: whole(headers['source-partition'], 0xffff_ffff),
    source_offset: whole(headers['source-offset'], Number.MAX_SAFE_INTEGER),
    reason: text(headers['reason']),
    detail: text(headers['detail']),
    key: text(record.key),
    value_base64: Buffer.from(value.subarray(0, MAX_VALUE_BYTES)).toString('base64'),
    value_bytes: value.length,
    ingested_at: ingestedAt(record.appended_ms),
  }
}

function text(value: string | undefined): string {
  return (value ?? '').slice(0, MAX_TEXT)
}

function whole(value: string | undefined, max: number): number | null {
  const number = Number(value)
  return value !== undefined && value !== '' && Number.isSafeInteger(number) && number >= 0 && number <= max
    ? number
    : null
}
