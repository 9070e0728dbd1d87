import type { Logger } from 'pino'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { ChainHead } from './chain.ts'
import type { ChainMark, MarkFile } from './mark-file.ts'

/** How often the mark is told how far the log has grown: a boot reads the log from there. */
const OFFSETS_EVERY_MS = 5000

/** Keeps the mark file up with what the log holds. */
export interface MarkKeeper {
  /** Ends of the decisions topic, by partition, that lie before everything which the log took since the last mark. */
  offsets(): readonly number[]
  /** The log holds everything up to this link. Not waited for. */
  logged(head: ChainHead): void
  /** From here on, offsets follow: `lastTaken` gives the number of the newest decision of this boot. */
  follow(boot_id: string, lastTaken: () => number): void
  stop(): void
}

export interface MarkKeeperOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly mark: MarkFile
  readonly offsets: readonly number[]
}

/**
 * The mark's offsets lag by design: they are taken before the link that they are
 * kept with, so that this link is always found behind them.
 */
export function markKeeper({ eventLog, logger, mark, offsets: first }: MarkKeeperOptions): MarkKeeper {
  let offsets = first
  let head: ChainHead | null = null
  let failed = false
  let next: { readonly ends: readonly number[]; readonly from: number } | null = null
  let noting = false
  let timer: NodeJS.Timeout | undefined

  async function keep(newest: ChainMark): Promise<void> {
    try {
      await mark.keep(newest)
      failed = false
    } catch (error) {
      if (!failed) logger.warn({ err: error }, 'the mark file cannot be written; check the data directory')
      failed = true
    }
  }

  async function note(lastTaken: () => number): Promise<void> {
    noting = true
    try {
      const ends = await endOffsets(eventLog)
      // What was taken by now may lie before these ends; what is taken later can't.
      next = { ends, from: lastTaken() }
    } catch {
      // The log says itself when it fails; older offsets only make the next start read more.
    } finally {
      noting = false
    }
  }

  return {
    offsets: () => offsets,
    logged(newest) {
      head = newest
      const { boot_id, seq, hash } = newest
      void keep({ boot_id, seq, hash, offsets: [...offsets] })
    },
    follow(boot_id, lastTaken) {
      timer = setInterval(() => {
        // Ends noted a while ago become the mark's offsets once a later link lies behind them.
        if (next !== null && head?.boot_id === boot_id && head.seq > next.from) {
          offsets = next.ends
          next = null
        }
        if (next === null && !noting) void note(lastTaken)
      }, OFFSETS_EVERY_MS)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }
}

export async function endOffsets(eventLog: EventLog): Promise<number[]> {
  const ends: number[] = []
  for (const { partition, high } of await eventLog.watermarks(accessDecisions)) ends[partition] = high
  return Array.from(ends, (end) => end ?? 0)
}
