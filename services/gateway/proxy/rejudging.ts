import type { Logger } from 'pino'
import type { DecisionDraft } from '../record/decision-draft.ts'
import type { LiveConnection, LiveConnections } from './connections.ts'
import { cutDraft } from './cut-draft.ts'

export interface RejudgingOptions {
  readonly connections: LiveConnections
  /** How long a live connection may go unjudged, ms. */
  readonly every_ms: number
  readonly logger: Logger
  readonly now: () => number
  /** Told of each connection that was cut, and the decision that did it. */
  readonly cut: (draft: DecisionDraft) => void
}

export interface Rejudging {
  /** Something about this entity changed, such as its risk. */
  entityChanged(key: string): void
  /** Something about everybody changed, such as the policy. */
  allChanged(): void
  stop(): void
}

/**
 * What changed is judged at the next tick and not at once: an answer that is
 * nearly sent is not torn, a connection that stays is cut within a second. A
 * revoke does not wait for this (`LiveConnections.riskChanged`).
 */
const TICK_MS = 1000

/**
 * Judges live connections again: those of an entity when its risk changes, all
 * when the policy does, and each at least every `every_ms`, because sessions
 * end, people log out and devices fall ill without a word to this process.
 * One that would not be let in now is cut, and the decision recorded. One that
 * would is left alone and nothing is recorded: its decision stands.
 *
 * One connection is judged at a time, so that thousands of them delay a request
 * by one decision at most.
 */
export function startRejudging(options: RejudgingOptions): Rejudging {
  const { connections, every_ms } = options
  const judgedAt = new WeakMap<LiveConnection, number>()
  let running = false
  let stopped = false

  function mark(changed: readonly LiveConnection[]): void {
    for (const connection of changed) judgedAt.set(connection, -Infinity)
  }

  async function judgeDue(): Promise<void> {
    const now = performance.now()
    for (const connection of connections.all()) {
      if (stopped) return
      const at = judgedAt.get(connection)
      if (at === undefined) judgedAt.set(connection, now)
      else if (now - at >= every_ms) await judgeAgain(connection)
    }
  }

  async function judgeAgain(connection: LiveConnection): Promise<void> {
    judgedAt.set(connection, performance.now())
    const draft = await connection.again().catch((error: unknown) => {
      options.logger.warn({ err: error }, 'a live connection could not be judged again and is cut')
      // What can't be judged can't go on: a new request would not be let in either.
      return cutDraft(connection.draft, options.now(), { outcome: 'error_closed', reasons: ['policy_error'] })
    })
    if (draft.outcome !== 'permit' && connections.cut(connection)) options.cut(draft)
  }

  const timer = setInterval(
    () => {
      if (running) return
      running = true
      void judgeDue().finally(() => {
        running = false
      })
    },
    Math.min(TICK_MS, every_ms),
  )
  timer.unref()

  return {
    entityChanged: (key) => mark(connections.of(key)),
    allChanged: () => mark(connections.all()),
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
