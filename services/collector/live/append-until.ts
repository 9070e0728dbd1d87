import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { COLLECTOR_GROUP } from './group.ts'

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 10_000

/**
 * Appends as the owner of the sources, and tries again with growing pauses
 * while the log is away. The very same records each time: the log writes none of
 * them twice. Nobody is answered and no position moves before it has succeeded.
 * A process that was paused while another took the sources over is refused.
 *
 * @throws what the log says that no repeat will change, or the reason of `signal`
 */
export async function appendUntil(
  eventLog: EventLog,
  records: readonly OutRecord[],
  { logger, failed, signal }: { logger: Logger; failed: () => void; signal: AbortSignal },
): Promise<void> {
  for (let wait = RETRY_MIN_MS; ; wait = Math.min(2 * wait, RETRY_MAX_MS)) {
    signal.throwIfAborted()
    try {
      await eventLog.append(records, { owner_of: COLLECTOR_GROUP })
      return
    } catch (error) {
      failed()
      if (!isPassing(error)) throw error
      if (wait === RETRY_MIN_MS) logger.warn({ err: error }, 'what was collected waits for the event log')
      await pause(wait, undefined, { signal }).catch(() => {})
    }
  }
}

const PASSING = new Set(['ERR_LOG_UNAVAILABLE', 'ERR_LOG_UNREACHABLE', 'ERR_DISK_FULL'])

function isPassing(error: unknown): boolean {
  return error instanceof GatewatchError && (error.retriable || PASSING.has(error.code))
}
