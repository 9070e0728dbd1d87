import type { Logger } from 'pino'
import type { Gauge } from 'prom-client'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { fromLog } from '../log-at-start.ts'
import { idOf, linkOfRecord } from '../spool/link-of.ts'
import type { SpoolRecord } from '../spool/records.ts'
import type { Spool, SpoolFindings } from '../spool/spool.ts'
import type { ChainHead } from './chain.ts'
import { loggedIds } from './logged-ids.ts'
import type { MarkFile } from './mark-file.ts'
import { endOffsets, markKeeper, type MarkKeeper } from './mark-keeper.ts'
import { findPreviousBoot } from './previous-boot.ts'

export interface TakeUpOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly pep_id: string
  readonly spool: Spool
  readonly found: SpoolFindings
  readonly mark: MarkFile
  /** Decisions of the boot before that the log had and has no more. */
  readonly lost: Gauge
}

/** What a boot goes on from. */
export interface TakenUp {
  /** The newest link that the log holds; null: it holds none of this enforcement point. */
  readonly logged: ChainHead | null
  /** The newest link of all, be it in the log or still in the spool: the new boot follows it. */
  readonly newest: ChainHead | null
  /** Whether a record that was in the spool is in the log, and was not let go of yet when the process died. */
  readonly already: (record: SpoolRecord) => boolean
  readonly keeper: MarkKeeper
}

/** Finds where the boot before ended, in the log by its mark file and in the spool, and says when the log lost some of it. */
export async function takeUp(options: TakeUpOptions): Promise<TakenUp> {
  const { eventLog, logger, pep_id, spool, mark, lost } = options
  const { newest } = options.found
  const previous = await fromLog(findPreviousBoot(eventLog, pep_id, mark.found))
  lost.set(previous.lost)
  if (previous.lost > 0) {
    logger.error(
      { pep_id, boot_id: previous.head?.boot_id, lost: previous.lost },
      'the log lost decisions that were recorded before the last stop; the chain shows the gap',
    )
  }
  const since = mark.found?.offsets ?? null
  const ids = spool.empty ? new Set<string>() : await loggedIds(eventLog, pep_id, since)
  // A file of the spool goes when all of it is drained, so after a crash it holds again what was let go of long ago.
  // Up to the mark the log has it, unless that lost its tail; what came after lies behind the mark's offsets.
  const marked = previous.lost === 0 ? mark.found : null
  const already = (record: SpoolRecord): boolean => {
    if (ids.has(idOf(record))) return true
    if (marked === null) return false
    const { boot_id, seq } = linkOfRecord(record)
    return boot_id === marked.boot_id && seq <= marked.seq
  }
  const spooled = newest === null || already(newest) ? null : linkOfRecord(newest)
  const keeper = markKeeper({
    eventLog,
    logger,
    mark,
    offsets: spool.empty || since === null ? await endOffsets(eventLog) : since,
  })
  return { logged: previous.head, newest: spooled ?? previous.head, already, keeper }
}
