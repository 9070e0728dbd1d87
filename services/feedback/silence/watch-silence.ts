import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { Story } from '../../../schemas/story.ts'
import { accessFindings, accessStories } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'
import { repeatOneAtATime } from '../../runtime/one-at-a-time.ts'
import { watchHeartbeats } from '../gateway-heartbeats.ts'
import { SilentGateways } from './silent-gateways.ts'

const LOOK_EVERY_MS = 5000

export interface SilenceOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly registry: Registry
  readonly now: () => number
  /** Whether this process has the ledger: one tells. */
  readonly leads: () => boolean
  readonly look_every_ms?: number
}

/**
 * Follows the heartbeats of gateways: how old they are, as a metric, and a
 * finding about each gateway that falls silent. A finding that could not be
 * written is tried again at the next look.
 */
export async function watchSilence({
  eventLog,
  logger,
  registry,
  now,
  leads,
  look_every_ms = LOOK_EVERY_MS,
}: SilenceOptions): Promise<{ close(): Promise<void> }> {
  const gateways = new SilentGateways()
  const heartbeats = await watchHeartbeats(eventLog, registry, now, (key, heartbeat) =>
    gateways.beat(key, heartbeat, now()),
  )
  const stories = await eventLog.openTable(accessStories)
  try {
    await stories.caughtUp()
    for (const [, value] of stories.entries()) {
      const story = readRecord(Story, { value })
      if (story?.state === 'open') gateways.restore(story)
    }
  } finally {
    await stories.close()
  }

  async function look(): Promise<void> {
    if (!leads()) return
    const due = gateways.due(now())
    if (due.length === 0) return
    await eventLog.append(
      due.map(({ finding }) =>
        jsonRecord(accessFindings, finding, { ce_id: `${finding.id}.${finding.revision}` }),
      ),
    )
    for (const each of due) each.told()
  }

  const looking = repeatOneAtATime({
    every_ms: look_every_ms,
    turn: look,
    failed: (error) =>
      logger.warn({ err: error }, 'that a gateway fell silent could not be told; tried again in 5 s'),
  })
  return {
    async close() {
      await looking.stop()
      await heartbeats.close()
    },
  }
}
