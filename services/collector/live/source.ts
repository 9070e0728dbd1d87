import type { Logger } from 'pino'
import type { Intake } from './intake.ts'
import type { SourceMetrics } from './metrics.ts'

/** What a kind of source is given to work with. */
export interface SourceContext {
  readonly name: string
  readonly intake: Intake
  readonly logger: Logger
  readonly metrics: SourceMetrics
  readonly now: () => number
}

/** A source that runs. It ends by `stop`, or by what `ended` tells; then it is begun anew after a pause. */
export interface RunningSource {
  /** Rejects when the source can't go on by itself; never resolves before `stop`. */
  readonly ended: Promise<void>
  /** When everything that the source had was last in the log, ms since the epoch; null for one that nobody can ask. */
  caughtUpMs(): number | null
  stop(): Promise<void>
}

export type StartSource = (context: SourceContext) => Promise<RunningSource>
