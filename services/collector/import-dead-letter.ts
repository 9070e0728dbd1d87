import { accessDecisions, deadLetterOf } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import type { DeadLetterReason } from './formats/format.ts'
import type { SourceRecord } from './source/record.ts'

export interface ImportedFrom {
  readonly tenant: string
  readonly format: string
  readonly source_name: string
  readonly pep_id: string
  /** How it came: by `gatewatch import`, or from a live source. */
  readonly way: 'import' | 'collector'
}

/**
 * A record that can't be used, as it came, on the dead-letter topic of the
 * decisions that it might have been. Headers tell why, of which file, and where
 * in it; of a longer record than 64 KiB only the beginning is kept.
 */
export function importDeadLetter(
  id: string,
  record: SourceRecord,
  from: ImportedFrom,
  cause: { readonly reason: DeadLetterReason; readonly detail: string },
): OutRecord {
  return {
    topic: deadLetterOf(accessDecisions),
    key: `${from.tenant}/source/${from.pep_id}`,
    value: record.raw,
    headers: {
      ce_id: id,
      reason: cause.reason,
      detail: `${from.source_name.slice(0, 128)}, line ${record.line}: ${cause.detail}`.slice(0, 500),
      'source-topic': `${from.way}:${from.format}`,
      'source-line': String(record.line),
      'source-byte': String(record.byte),
      'source-bytes': String(record.bytes),
      tenant: from.tenant,
    },
  }
}
