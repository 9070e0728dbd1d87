import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { EventLog } from './log/event-log.ts'

/** What every role is handed: made once by the command line, closed after the last role has stopped. */
export interface Runtime {
  /** Where everything local lives; exists, mode 0700. */
  readonly dataDir: string
  readonly logger: Logger
  readonly metrics: Registry
  readonly eventLog: EventLog
}

/** A started role. `stop` is called once, in the reverse order of starting, and ends within 10 s. */
export interface Running {
  stop(): Promise<void>
}
