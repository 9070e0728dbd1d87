import type { Logger } from 'pino'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { startCheckpointer, type Checkpointer } from '../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import type { DeadLetterReason, Draft, FormatName, Framing, RecordReader } from './formats/format.ts'
import { contentIds, eventId } from './ids.ts'
import { importBatch } from './import-batch.ts'
import { importDeadLetter } from './import-dead-letter.ts'
import { importedPep, openImportChain, type ImportChain } from './import-chain.ts'
import { emptySummary, noteInstant, type ImportSummary } from './import-summary.ts'
import { openImportedIds } from './imported-ids.ts'
import { decisionOf, mapRecord } from './map-record.ts'
import type { SourceRecord } from './source/record.ts'
import { sourceError } from './source/source-error.ts'
import { timeOrder } from './time-order.ts'

/** A source whose first records are all unusable is not of the format that was named. */
const GIVE_UP_AFTER = 200
/** So many binary lines in a row are no damage in a log, but the end of it. */
const MAX_BINARY_RUN = 100

/** How many decisions of a JSON export wait to be put in order of time; logs are in order, and theirs do not wait. */
const ORDER_WINDOW = 10_000

export interface ImportOptions {
  readonly eventLog: EventLog
  readonly format: FormatName
  readonly reader: RecordReader
  readonly framing: Framing
  readonly source_name: string
  /** Signs the chain of what is imported. */
  readonly signer: CheckpointSigner
  readonly logger: Logger
  readonly tenant: string
  readonly origin: 'import' | 'live'
  /** The present, ms since the epoch: what is dated after it is refused. */
  readonly now_ms: number
  /** Told what is done so far, after each piece of the source. */
  readonly progress?: (summary: Readonly<ImportSummary>) => void
  /** Awaited after each piece of the source: whoever reads the log may be behind. */
  readonly pace?: () => Promise<void>
}

/**
 * Puts the records of a source into the log: lines in their order, JSON exports
 * in order of time as far as a window of 10,000 decisions allows.
 *
 * A batch is one append: its decisions, its dead letters, the ids that say that
 * they are in, and the end of the chain; all or none. So whoever is killed
 * when, importing again adds exactly what is missing.
 *
 * @throws GatewatchError ERR_IMPORT_INPUT when the source can't be read on.
 *   Everything before the place that it names is in by then; `summary` tells.
 */
export async function importRecords(
  records: AsyncIterable<readonly SourceRecord[]>,
  options: ImportOptions,
  summary: ImportSummary = emptySummary(),
): Promise<ImportSummary> {
  const { eventLog, tenant, format, source_name: source } = options
  const chain = await openImportChain(eventLog, tenant, format, importedPep(tenant, format, source))
  const ids = await openImportedIds(eventLog, tenant)
  const signed: { checkpointer: Checkpointer | null } = { checkpointer: null }
  const batch = importBatch(eventLog, () => {
    const links = chain.takeLinks()
    return { records: [...ids.take(), ...chain.head()], durable: () => signed.checkpointer?.logged(links) }
  })
  const decisionId = contentIds(tenant, format)
  const deadLetterId = contentIds(tenant, format, 'dead-letter')
  const order = timeOrder<Decision>(options.framing === 'json' ? ORDER_WINDOW : 0)
  let binaryRun = 0

  const refuse = async (record: SourceRecord, reason: DeadLetterReason, detail: string): Promise<void> => {
    summary.dead_letters[reason] = (summary.dead_letters[reason] ?? 0) + 1
    summary.first_dead_letter ??= { line: record.line, reason, detail }
    const id = deadLetterId(record.raw.toString('latin1'))
    if (!(await ids.add(id, 'none'))) return
    batch.put(
      importDeadLetter(id, record, { ...options, pep_id: chain.pep_id, way: 'import' }, { reason, detail }),
    )
  }

  const write = async (decision: Decision): Promise<void> => {
    if (!(await ids.add(decision.id, decision.decided_at.slice(0, 10)))) {
      summary.known += 1
      return
    }
    // An import without anything new has no boot, so that it leaves no trace.
    signed.checkpointer ??= await openCheckpointer(options, chain)
    chain.link(decision)
    batch.put(jsonRecord(accessDecisions, decision, { ce_source: chain.pep_id }))
    summary.decisions += 1
    if (decision.outcome === 'permit') summary.permitted += 1
    else summary.refused += 1
  }

  const accept = async (
    record: SourceRecord,
    draft: Draft,
    content: string,
    name: string | undefined,
  ): Promise<void> => {
    const id =
      name === undefined || name === ''
        ? decisionId(`${draft.decided_at}\0${content}`)
        : eventId([tenant, format], name, draft)
    const made = decisionOf(draft, { id, tenant, origin: options.origin }, options.now_ms)
    if (made.kind === 'dead-letter') return refuse(record, made.reason, made.detail)
    noteInstant(summary, draft.decided_at)
    const next = order.push(Date.parse(draft.decided_at), made.value)
    return next === undefined ? undefined : write(next)
  }

  const take = async (record: SourceRecord): Promise<void> => {
    summary.records += 1
    if (record.latin1) summary.latin1 += 1
    binaryRun = record.problem === 'binary' ? binaryRun + 1 : 0
    const reading = mapRecord(options.reader, record)
    if (reading.kind === 'dead-letter') await refuse(record, reading.reason, reading.detail)
    else if (reading.kind === 'drop') {
      summary.skipped[reading.reason] = (summary.skipped[reading.reason] ?? 0) + 1
    } else {
      const names = reading.event_ids
      const unnamed = names === undefined || names.includes('')
      const content = unnamed ? options.reader.contentOf(record.text) : ''
      for (const [nth, draft] of reading.value.entries()) {
        await accept(record, draft, content, names?.[nth])
      }
    }
  }

  try {
    for await (const some of records) {
      for (const record of some) {
        await take(record)
        if (binaryRun > MAX_BINARY_RUN) {
          throw sourceError(
            `${source}: around byte ${record.byte} (line ${record.line}) it turns binary; what came before is in`,
          )
        }
        if (summary.records === GIVE_UP_AFTER && deadLetters(summary) === GIVE_UP_AFTER) {
          batch.abandon()
          throw sourceError(
            `${source}: none of the first ${GIVE_UP_AFTER} records is ${format} (line ${summary.first_dead_letter?.line}: ${summary.first_dead_letter?.detail}); nothing was imported, check --format`,
          )
        }
        await batch.flushIfFull()
      }
      options.progress?.(summary)
      await options.pace?.()
    }
  } finally {
    try {
      for (const decision of order.drain()) {
        await write(decision)
        await batch.flushIfFull()
      }
      await batch.finish()
      await signed.checkpointer?.stop(true)
    } finally {
      await signed.checkpointer?.stop(false)
      await ids.close()
    }
  }
  return summary
}

function openCheckpointer(
  { eventLog, tenant, signer, logger }: ImportOptions,
  { pep_id, boot_id, previous_boot }: ImportChain,
): Promise<Checkpointer> {
  return startCheckpointer({
    eventLog,
    logger,
    signer,
    tenant,
    pep_id,
    boot_id,
    previous_boot,
    now: Date.now,
  })
}

function deadLetters(summary: ImportSummary): number {
  return Object.values(summary.dead_letters).reduce((sum, count) => sum + count, 0)
}
