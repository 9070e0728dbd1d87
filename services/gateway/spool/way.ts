import type { Logger } from 'pino'
import type { Loss } from '../../../schemas/loss.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { ChainHead, ChainLink } from '../record/chain.ts'
import type { ReadBack } from '../record/logged-ids.ts'
import { startDelivery, type Delivery } from './delivery.ts'
import { startDrain } from './drain.ts'
import type { FillLevel } from './fill-level.ts'
import type { SpoolMetrics } from './metrics.ts'
import type { SpoolRecord } from './records.ts'
import type { Spool } from './spool.ts'

export interface WayOptions {
  readonly eventLog: EventLog
  readonly spool: Spool
  readonly spooling: SpoolMetrics
  readonly logger: Logger
  readonly max_bytes: number
  readonly after_ms: number
  /** The newest link in the log. */
  readonly loggedHead: () => ChainHead | null
  readonly already: (record: SpoolRecord) => boolean
  readonly readBack: ReadBack
  readonly failed: () => void
  /** Told of what is in the log now, whichever way it came there, in the order of the chain. */
  readonly logged: (links: readonly ChainLink[]) => void
  readonly missing: (numbers: Loss['missing']) => void
  readonly levelChanged: (level: FillLevel) => void
}

export interface Way extends Delivery {
  /** Everybody who is told of something is there: says how full the spool is, and drains what the boot before left. */
  begin(): void
}

/** The way of decisions to the log: straight, or through the spool; with its gauges. */
export function startWay(options: WayOptions): Way {
  const { eventLog, spool, spooling, logger, max_bytes, after_ms, readBack, failed, logged } = options
  function measure(): void {
    spooling.bytes.set(spool.bytes)
    spooling.waiting.set(spool.records)
    spooling.full.set(delivery.trouble() === 'spool_full' ? 1 : 0)
  }
  const drain = startDrain({
    eventLog,
    spool,
    logger,
    after_ms,
    loggedHead: options.loggedHead,
    already: options.already,
    readBack,
    failed,
    logged(links) {
      spooling.drained.inc(links.length)
      logged(links)
      delivery.measure()
      measure()
    },
    missing(numbers) {
      spooling.damaged.inc()
      for (const { first_seq, last_seq } of numbers) spooling.missing.inc(last_seq - first_seq + 1)
      logger.error(
        { missing: numbers },
        'decisions in the spool can not be read any more; the chain shows the gap',
      )
      options.missing(numbers)
    },
  })
  const delivery = startDelivery({
    eventLog,
    spool,
    drain,
    logger,
    max_bytes,
    after_ms,
    readBack,
    logged,
    failed,
    spooled(decisions) {
      spooling.spooled.inc(decisions)
      measure()
    },
    levelChanged(level) {
      measure()
      options.levelChanged(level)
    },
  })
  spooling.maxBytes.set(max_bytes)
  return Object.assign(delivery, {
    begin() {
      delivery.measure()
      measure()
      if (spool.empty) return
      logger.warn(
        { waiting: spool.records },
        'decisions of the boot before wait in the spool; they go to the log now',
      )
      drain.begin(null)
    },
  })
}
