import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { GatewatchError } from '../runtime/errors.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import type { FormatName, Framing } from './formats/format.ts'
import { openFormat, shapeOf } from './formats/open.ts'
import { importRecords } from './import.ts'
import { emptySummary, type ImportSummary } from './import-summary.ts'
import { openSource, type Source } from './source/open.ts'

export interface ImportRequest {
  /** `-`: standard input. */
  readonly path: string
  readonly format: FormatName
  readonly tenant: string
  /** Of the first line, for a format without years; null: worked out. */
  readonly year: number | null
  readonly timezone: string
  /** The present instead of history: risk may restrict and page. */
  readonly live: boolean
}

export interface ImportSurroundings {
  readonly eventLog: EventLog
  readonly signer: CheckpointSigner
  readonly logger: Logger
  readonly stdin: Readable
  readonly now_ms: number
  /** Told from time to time: bytes read, of how many (null: unknown), and what is done. */
  readonly progress?: (read: number, total: number | null, summary: Readonly<ImportSummary>) => void
  /** Awaited from time to time: whoever reads the log may be behind. */
  readonly pace?: () => Promise<void>
}

export interface ImportResult {
  readonly source: Pick<Source, 'name' | 'encoding'>
  readonly summary: ImportSummary
  readonly elapsed_ms: number
  readonly framing: Framing
  /** Some instants had no zone, and `timezone` was taken. */
  readonly assumed_zone: boolean
  /** Taken for the first line because nobody gave one. */
  readonly assumed_year: number | null
  /** Why the source could not be read to its end; what came before is in. */
  readonly failure: GatewatchError | null
}

/**
 * Imports one file or standard input: opens it, cuts it into records, reads
 * them by the format, and puts them into the log. Done when all is durable.
 *
 * @throws GatewatchError ERR_IMPORT_INPUT when nothing can be read of it at all.
 */
export async function runImport(request: ImportRequest, around: ImportSurroundings): Promise<ImportResult> {
  const began = performance.now()
  const { framing, wrappers } = shapeOf(request.format)
  const source = await openSource(request.path, framing, around.stdin, wrappers)
  const reader = openFormat(request.format, {
    year: request.year,
    written_ms: source.modified_ms ?? around.now_ms,
    now_ms: around.now_ms,
    timezone: request.timezone,
  })
  const summary = emptySummary()
  let failure: GatewatchError | null = null
  try {
    await importRecords(
      source.records,
      {
        eventLog: around.eventLog,
        signer: around.signer,
        logger: around.logger,
        format: request.format,
        framing,
        reader,
        source_name: source.name,
        tenant: request.tenant,
        origin: request.live ? 'live' : 'import',
        now_ms: around.now_ms,
        progress: () => around.progress?.(source.bytesRead(), source.total_bytes, summary),
        ...(around.pace === undefined ? {} : { pace: around.pace }),
      },
      summary,
    )
  } catch (error) {
    if (!(error instanceof GatewatchError) || error.code !== 'ERR_IMPORT_INPUT') throw error
    failure = error
  }
  return {
    source,
    summary,
    elapsed_ms: Math.round(performance.now() - began),
    framing,
    assumed_zone: reader.assumedZone?.() ?? false,
    assumed_year: reader.assumedYear?.() ?? null,
    failure,
  }
}
