import type { Logger } from 'pino'
import { entityKey } from '../../../schemas/entity.ts'
import type { Table } from '../../runtime/log/event-log.ts'
import type { GatewayMetrics } from '../metrics.ts'
import type { DecisionDraft } from '../record/decision-draft.ts'
import type { Recorder } from '../record/recorder.ts'
import { liveConnections } from './connections.ts'
import type { LiveConnections } from './connections.ts'
import { startRejudging } from './rejudging.ts'

export interface WatchLiveOptions {
  readonly tenant: string
  /** `risk.state`, followed. */
  readonly risk: Table
  readonly recorder: Pick<Recorder, 'record'>
  readonly metrics: GatewayMetrics
  readonly logger: Logger
  readonly now: () => number
  /** How long a live connection may go unjudged, ms. */
  readonly rejudge_ms: number
}

export interface WatchedLive {
  readonly connections: LiveConnections
  policyChanged(): void
  /** Its connections are judged again soon. */
  readonly sessionEnded: (session_id: string) => void
  stop(): void
}

/** Live connections, and all that ends one: a revoke at once, any other change within a second. */
export function watchLive(options: WatchLiveOptions): WatchedLive {
  const { metrics, logger, now } = options
  const connections = liveConnections(options.tenant)
  const cut = (draft: DecisionDraft): void => {
    options.recorder.record(draft)
    metrics.cut.inc()
    metrics.decisions.inc({ outcome: draft.outcome })
  }
  const rejudging = startRejudging({ connections, every_ms: options.rejudge_ms, logger, now, cut })
  const unfollow = options.risk.follow((key, value) => {
    for (const draft of connections.riskChanged(key, value, now())) cut(draft)
    rejudging.entityChanged(key)
  })
  return {
    connections,
    policyChanged: () => rejudging.allChanged(),
    sessionEnded: (id) => rejudging.entityChanged(entityKey(options.tenant, { type: 'session', id })),
    stop() {
      unfollow()
      rejudging.stop()
    },
  }
}
