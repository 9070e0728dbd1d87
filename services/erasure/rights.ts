import { privacyErasures, topics, type LogTopic } from '../../schemas/topics.ts'
import type { LogRights } from '../runtime/log/kafka/admin/rights.ts'
import { PERSONAL } from './treat.ts'

/** What `gatewatch erase` does on Kafka, beside looking whether one of `watches` is at work; deploy/kafka/README.md has the same. */
export function erasureRights(watches: readonly string[]): LogRights {
  return {
    reads: topics,
    writes: [...PERSONAL.filter(({ compacted }) => compacted), privacyErasures],
    joins: [],
    watches,
  }
}

/** Topics that are kept by time, from which `--delete-records` deletes. */
export const DELETED: readonly LogTopic[] = PERSONAL.filter(({ compacted }) => !compacted)
