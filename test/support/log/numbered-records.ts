import type { LogTopic } from '../../../schemas/topics.ts'
import type { OutRecord } from '../../../services/runtime/log/event-log.ts'
import { textOf } from './stored-records.ts'

/** Records whose values are the numbers from `first` on, over so many keys. */
export function numbered(topic: LogTopic, count: number, keys = 17, first = 0): OutRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key-${i % keys}`,
    value: String(first + i),
  }))
}

/** The numbers that records hold, in ascending order. */
export function numbersOf(records: readonly { value: Uint8Array | string | null }[]): number[] {
  return records
    .map(({ value }) => Number(typeof value === 'string' ? value : textOf(value)))
    .sort((a, b) => a - b)
}
