import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Stretch } from '../rows/stretch.ts'
import type { CheckpointBook } from './book.ts'
import { readCheckpoints } from '../../runtime/checkpoints/read-checkpoints.ts'
import type { Trust } from './trust.ts'

export interface LoadOptions {
  readonly eventLog: EventLog
  /** Files and directories with checkpoints beside the log. */
  readonly paths: readonly string[]
  /** Offsets of the topic from which on it is read; moved along. */
  readonly cursor: Map<number, number>
  readonly book: CheckpointBook
  readonly trust: Trust
  /** Told of each stretch that a trusted checkpoint pins. */
  readonly pinned: (stretch: Stretch) => void
}

/** Reads what is new of the checkpoints into the book; those whose signature or key is not to be trusted become problems. */
export async function loadCheckpoints(options: LoadOptions): Promise<void> {
  const { eventLog, paths, cursor, book, trust, pinned } = options
  for await (const checkpoint of readCheckpoints(eventLog, paths, cursor)) {
    const trusted = trust.check(checkpoint)
    if (trusted === 'yes') for (const stretch of book.take(checkpoint)) pinned(stretch)
    else book.refuse(checkpoint, trusted)
  }
  await trust.save()
}
