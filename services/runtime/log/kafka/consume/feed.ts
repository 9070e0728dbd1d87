import type { LogRecord } from '../../event-log.ts'

/** One partition that is being read: a fetch loop fills it, its owner empties it. */
export interface Feed {
  readonly topic: string
  readonly partition: number
  /** Where the next fetch begins; moved by the loop. */
  position: number
  /** Bytes that may be fetched now; 0 takes the partition out of the next fetch. */
  room(): number
  /** Takes what was read, all of it committed; `position` has been moved past it. Empty when only control records were there. */
  take(records: readonly LogRecord[], bytes: number): void
  /** The broker's view at the fetch: the next offset, and the first one kept. */
  seen(high: number, low: number): void
}
