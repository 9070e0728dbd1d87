import type { Logger } from 'pino'
import type { Control } from '../../schemas/control.ts'
import { control } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import { within } from '../runtime/within.ts'

const EVERY_MS = 5000
/** A stop does not wait longer for a log that is silent: the missing beat says the same. */
const LAST_BEAT_MS = 500

export interface HeartbeatOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly tenant: string
  readonly pep_id: string
  readonly boot_id: string
  readonly seq: () => number
  readonly policy_revision: () => string
  readonly risk_age_ms: () => number
  readonly now: () => number
}

/** Says every 5 s that this enforcement point lives and how far it has recorded: its silence is then a signal. */
export function startHeartbeat(options: HeartbeatOptions): { stop(): Promise<void> } {
  const { eventLog, logger, tenant, pep_id, boot_id } = options
  let failing = false
  let stopping = false
  let beating: Promise<void> | null = null

  async function beat(): Promise<void> {
    const heartbeat: Control = {
      schema_version: 1,
      kind: 'heartbeat',
      tenant,
      name: `pep/${pep_id}`,
      at: new Date(options.now()).toISOString(),
      pep_id,
      boot_id,
      seq: options.seq(),
      policy_revision: options.policy_revision(),
      risk_age_ms: options.risk_age_ms(),
      ...(stopping ? { stopping } : {}),
    }
    try {
      await eventLog.append([jsonRecord(control, heartbeat)])
      failing = false
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'the heartbeat could not be written')
      failing = true
    }
  }

  /** One at a time: while the log is silent, no others queue up behind it. */
  function next(): Promise<void> {
    beating ??= beat().finally(() => {
      beating = null
    })
    return beating
  }

  void next()
  const timer = setInterval(() => void next(), EVERY_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      if (beating !== null && (await within(beating, LAST_BEAT_MS)) === 'late') return
      stopping = true
      await within(next(), LAST_BEAT_MS)
    },
  }
}
